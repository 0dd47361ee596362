import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { KiB } from '../../contract/index.js';
import type { Finding } from '../../server/upkeep/check.js';
import { openOffline } from '../../server/upkeep/offline.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;

async function checkRoot(root: string, repair = false) {
  const findings: Finding[] = [];
  await using offline = await openOffline({ root });
  const report = await offline.check({ repair, onFinding: (finding) => findings.push(finding) });
  return {
    report,
    findings: findings.map(({ kind, chunks, repair: done }) => ({ kind, chunks, repair: done })),
  };
}

/** A server whose uploads never get past the look at the staged file. */
const stuck = {
  policies: {
    default: {
      threshold: CHUNK,
      chunkSize: CHUNK,
      beforePublish: () => {
        throw new Error('the scanner is away');
      },
    },
  },
  completionWaitMs: 0,
};

describe.each(['in-place', 'multi-file'] as const)('checking a root without a server, %s', (store) => {
  it('leaves damage of an upload that is being assembled to the server, which asks for the chunk again', async () => {
    await using folder = await temporaryFolder();
    const file = randomFile(3 * CHUNK, CHUNK);
    let uploadId = '';
    {
      await using server = await startServer({ root: folder.path, store, ...stuck });
      const client = wireClient(server.url);
      uploadId = (await client.init(file.input())).data.uploadId;
      for (const index of [0, 1, 2]) await client.chunk(file.fields(uploadId, index), file.piece(index));
    }
    const whole = await checkRoot(folder.path);
    expect(whole).toMatchObject({ findings: [], report: { completed: 0, unfinished: 1, bytes: 3 * CHUNK } });

    const entry = path.join(folder.path, 'staging', uploadId);
    const names = store === 'in-place' ? [] : await fs.readdir(entry);
    const damaged =
      store === 'in-place' ? entry : path.join(entry, names.find((name) => name.startsWith('1.')) ?? '');
    const bytes = await fs.readFile(damaged);
    const at = store === 'in-place' ? CHUNK : 0;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await fs.writeFile(damaged, bytes);
    for (const repair of [false, true])
      expect((await checkRoot(folder.path, repair)).findings).toEqual([
        { kind: 'damaged', chunks: [1], repair: 'by-server' },
      ]);

    await using server = await startServer({
      root: folder.path,
      store,
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
    });
    const client = wireClient(server.url);
    // Joining begins the assembly, which reads again what an earlier process wrote.
    const again = await client.init(file.input());
    expect(again.data).toMatchObject({ uploadId, status: 'receiving', missing: [[1, 1]] });
    const answer = await client.chunk(file.fields(uploadId, 1), file.piece(1));
    expect(answer.data).toMatchObject({ status: 'completed' });
  });
});

describe('checking completed files', () => {
  it('sees another size, and something else in their place', async () => {
    await using folder = await temporaryFolder();
    const paths: string[] = [];
    {
      await using server = await startServer({ root: folder.path });
      const client = wireClient(server.url);
      for (const name of ['longer', 'shorter', 'replaced', 'fine']) {
        const file = randomFile(1000, 1000);
        const { uploadId } = (await client.init(file.input(name))).data;
        const { data } = await client.chunk(file.fields(uploadId, 0), file.bytes);
        paths.push(path.join(folder.path, (data as { path: string }).path));
      }
    }
    const [longer = '', shorter = '', replaced = ''] = paths;
    await fs.appendFile(longer, 'x');
    await fs.truncate(shorter, 999);
    await fs.rm(replaced);
    await fs.mkdir(replaced);
    const { report, findings } = await checkRoot(folder.path, true);
    expect(report).toMatchObject({ completed: 4, gone: 0, damagedFiles: 3 });
    expect(findings).toEqual([
      { kind: 'damaged', chunks: [], repair: 'none' },
      { kind: 'damaged', chunks: [0], repair: 'none' },
      { kind: 'damaged', chunks: [0], repair: 'none' },
    ]);
  });
});
