import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createUploads, policy, sniffType } from '../../server/index.js';
import type { Logger } from '../../server/log.js';
import { ROOT } from '../house/tree.js';
import { manualClock } from '../support/clock.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

/** A hook that lets everything pass, and its check. */
const checked = (ready: () => void | Promise<void>) => Object.assign(() => true, { ready });

const failing = () => {
  throw new Error('the scanner is not installed: run `apt install clamav`.');
};
const SENTENCE =
  'The hook beforePublish of policy "scanned" cannot run: the scanner is not installed: run `apt install clamav`.';

describe('a hook that knows whether it can run', () => {
  it('keeps the server from opening while it cannot, and is asked once when it can', async () => {
    await using folder = await temporaryFolder();
    let calls = 0;
    const ready = () => {
      if (++calls < 3) failing();
    };
    const scanned = policy({ beforePublish: checked(ready) });
    await using uploads = createUploads({ root: folder.path, owner: 'shared', policies: { scanned } });
    for (let time = 0; time < 2; time++)
      await expect(uploads.ready()).rejects.toMatchObject({ code: 'INTERNAL', message: SENTENCE });
    expect(await fs.readdir(folder.path)).toEqual([]);
    for (let time = 0; time < 3; time++) await uploads.ready();
    expect(calls).toBe(3);
  });

  it.each(['authorize', 'beforePublish', 'completed'] as const)('may be any of them: %s', async (kind) => {
    await using folder = await temporaryFolder();
    const policies = { any: { [kind]: checked(failing) } };
    await using uploads = createUploads({ root: folder.path, owner: 'shared', policies });
    await expect(uploads.ready()).rejects.toThrow(`The hook ${kind} of policy "any" cannot run: `);
  });

  it('is asked, too, in a policy that comes later; clients are told nothing of it', async () => {
    await using folder = await temporaryFolder();
    const lines: { error?: Error }[] = [];
    const log: Logger = { info() {}, warn() {}, error: (details) => void lines.push(details) };
    await using server = await startServer({ root: folder.path, log, ownThreads: true });
    const client = wireClient(server.url);
    const file = randomFile(10, 10);
    expect((await client.init(file.input('first'))).status).toBe(200);
    const scanned = policy({ beforePublish: checked(failing) });
    await using later = createUploads({ root: folder.path, owner: 'shared', policies: { scanned } });
    await expect(later.ready()).rejects.toThrow(SENTENCE);
    const refused = await client.init(file.input('second'));
    expect(refused).toMatchObject({ status: 500, upload: { code: 'INTERNAL', retryable: false } });
    expect(refused.text).not.toContain('scanner');
    expect(lines.map(({ error }) => error?.message)).toEqual([SENTENCE]);
  });

  it('and does not answer counts as one that cannot', async () => {
    await using folder = await temporaryFolder();
    const clock = manualClock();
    const slow = policy({ completed: checked(() => new Promise(() => {})) });
    await using uploads = createUploads({
      ...{ root: folder.path, owner: 'shared', policies: { slow } },
      ...{ clock, hookTimeoutMs: 5000 },
    });
    const ready = uploads.ready().catch((error: Error) => error.message);
    while (clock.pending === 0) await new Promise(setImmediate);
    await clock.advance(5000);
    expect(await ready).toBe(
      'The hook completed of policy "slow" cannot run: it did not answer within 5000 ms',
    );
  });
});

describe('sniffType', () => {
  it('can run where file-type is installed, and has nothing to ask where it is given a detector', async () => {
    await expect(sniffType({ types: ['image/*'] }).ready?.()).resolves.toBeUndefined();
    expect(sniffType({ types: ['image/*'], detect: async () => undefined }).ready).toBeUndefined();
  });

  it('says what to install before a file is sent, and publishes nothing (the built package, without file-type)', async () => {
    await using folder = await temporaryFolder();
    const modules = path.join(folder.path, 'node_modules');
    const own = path.join(modules, 'chunkwise');
    await fs.mkdir(own, { recursive: true });
    for (const name of await fs.readdir(path.join(ROOT, 'node_modules')))
      if (!['.bin', 'file-type', 'chunkwise'].includes(name) && !name.startsWith('.'))
        await fs.symlink(path.join(ROOT, 'node_modules', name), path.join(modules, name));
    // Copied: seen through a link, it would find what lies beside the original.
    for (const part of ['package.json', 'dist'])
      await fs.cp(path.join(ROOT, part), path.join(own, part), { recursive: true });
    // A folder above may have one, which an empty package hides.
    await fs.mkdir(path.join(modules, 'file-type'));
    await fs.writeFile(path.join(modules, 'file-type/package.json'), '{ "exports": {} }');
    const app = path.join(folder.path, 'app.mjs');
    await fs.writeFile(
      app,
      `import { createUploads, policy, sniffType } from 'chunkwise/server';
       const sniff = sniffType({ types: ['image/*'] });
       const policies = { pictures: policy({ beforePublish: sniff }) };
       const uploads = createUploads({ root: 'data', owner: 'shared', policies });
       const refusals = [];
       const refused = (error) => void refusals.push(error.message);
       await uploads.ready().catch(refused);
       await sniff({}, { path: 'app.mjs' }).catch(refused);
       await uploads.close();
       console.log(JSON.stringify(refusals));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [app], { cwd: folder.path });
    const sentence = 'sniffType needs the package file-type: run `npm i file-type`.';
    expect(JSON.parse(stdout)).toEqual([
      `The hook beforePublish of policy "pictures" cannot run: ${sentence}`,
      sentence,
    ]);
  });
});
