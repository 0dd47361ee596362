import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import { temporaryFolder } from './sqlite-support.js';
import { created, EXPIRY, existing, send } from './support.js';

test('a thread that dies fails its calls, and a new one takes over the database and its lock', async () => {
  await using folder = await temporaryFolder();
  const { file, lockFile } = folder;
  const worker = new URL('./dying-worker.mjs', import.meta.url);
  await using sessions = createSqliteSessions({ file, lockFile, worker, expiry: EXPIRY });
  const session = await created(sessions);
  await send(sessions, session, 0);
  for (let round = 0; round < 3; round++) {
    const outcomes = await Promise.allSettled([sessions.get('DIE'), sessions.get(session.id)]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { name: 'UploadError', code: 'STORE_UNAVAILABLE', retryable: true },
      });
    expect((await existing(sessions, session.id)).receivedChunks).toBe(1);
  }
  await using second = createSqliteSessions({ file, lockFile, expiry: EXPIRY });
  await expect(second.ready()).rejects.toThrow('another Chunkwise server');
});

test('a thread that died and cannot be replaced fails the calls; none waits for ever', async () => {
  await using folder = await temporaryFolder();
  const { file, lockFile } = folder;
  const mortal = `export * from ${JSON.stringify(new URL('./dying-worker.mjs', import.meta.url).href)};`;
  const worker = pathToFileURL(path.join(folder.path, 'worker.mjs'));
  await writeFile(worker, mortal);
  await using sessions = createSqliteSessions({ file, lockFile, worker, expiry: EXPIRY });
  const session = await created(sessions);
  for (const broken of ['throw new Error("replaced");', 'process.exit(0);']) {
    await writeFile(worker, broken);
    await expect(sessions.get('DIE')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const outcomes = await Promise.allSettled([
      sessions.get(session.id),
      sessions.get(session.id),
      sessions.ready(),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await writeFile(worker, mortal);
    expect(await existing(sessions, session.id)).toMatchObject({ id: session.id });
  }
});
