import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import { workerUrl } from '../../server/worker-url.js';
import { temporaryFolder } from './sqlite-support.js';
import { chunkHashOf, EXPIRY, existing } from './support.js';

const ACKNOWLEDGED_BEFORE_THE_END = 200;

test('after kill -9 the lock is free, and every acknowledged chunk is there', async () => {
  await using folder = await temporaryFolder();
  const script = path.join(import.meta.dirname, 'crash-child.ts');
  const args = ['--import', 'tsx', script, folder.file, folder.lockFile, workerUrl.href];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const sessions = createSqliteSessions({ file: folder.file, lockFile: folder.lockFile, expiry: EXPIRY });
  try {
    const exit = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (lines.length === 1) await expect(sessions.ready()).rejects.toThrow(/another Chunkwise server/);
      if (lines.length === ACKNOWLEDGED_BEFORE_THE_END) child.kill('SIGKILL');
    }
    expect(await exit).toEqual([null, 'SIGKILL']);

    await sessions.ready();
    const [id = '', ...acknowledged] = lines;
    const records = await sessions.chunks(id, 0, 100_000);
    const kept = new Map(records.map(({ index, hash }) => [index, hash]));
    for (const index of acknowledged.map(Number)) expect(kept.get(index)).toBe(chunkHashOf({ id }, index));
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(await existing(sessions, id)).toMatchObject({
      status: 'receiving',
      receivedChunks: records.length,
      receivedBytes: records.length,
      lastSeq: records.length,
    });
  } finally {
    child.kill('SIGKILL');
    await sessions[Symbol.asyncDispose]();
  }
});
