import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS, UploadError } from '../../contract/index.js';
import { manualClock } from '../support/clock.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { CHUNK, deferred, setUp } from '../support/three-chunks.js';
import { randomFile, wireClient } from '../support/wire.js';

async function flipByte(file: string, position: number) {
  const handle = await fs.open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position);
  await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, position);
  await handle.close();
}

describe('assembly', () => {
  it('asks again for a chunk that rotted on the disk, and then publishes the right bytes', async () => {
    await using test = await setUp({ verify: 'always' });
    await test.send(0);
    await test.send(1);
    await flipByte(test.staged, CHUNK + 3);
    const reopened = await test.send(2);
    expect(reopened.data).toMatchObject({ status: 'receiving', receivedChunks: 2 });
    expect((await test.client.query('resume', { uploadId: test.uploadId })).data).toMatchObject({
      missing: [[1, 1]],
    });
    const done = await test.send(1);
    expect(done.data).toMatchObject({ status: 'completed', hash: test.file.hash });
    expect(Buffer.compare(await fs.readFile(test.published), test.file.bytes)).toBe(0);
  });

  it('reads again after a restart what an earlier process wrote', async () => {
    await using test = await setUp();
    await test.send(0);
    await test.send(1);
    await test.server.uploads.close();
    await flipByte(test.staged, 5);
    await using server = await test.start();
    const client = wireClient(server.url);
    expect((await client.init(test.file.input())).data).toMatchObject({
      uploadId: test.uploadId,
      receivedChunks: 2,
      lastReceived: 1,
    });
    expect((await test.send(2, client)).data).toMatchObject({ status: 'receiving' });
    expect((await client.query('resume', { uploadId: test.uploadId })).data).toMatchObject({
      missing: [[0, 0]],
    });
    expect((await test.send(0, client)).data).toMatchObject({ status: 'completed' });
    expect(Buffer.compare(await fs.readFile(test.published), test.file.bytes)).toBe(0);
  });

  it('starts over where the staging entry was deleted', async () => {
    await using test = await setUp();
    await test.send(0);
    await fs.rm(test.staged);
    const failed = await test.send(1);
    expect(failed).toMatchObject({ status: 503, upload: { code: 'STORE_UNAVAILABLE', retryable: true } });
    expect((await test.client.query('resume', { uploadId: test.uploadId })).data).toMatchObject({
      missing: [[0, 2]],
      receivedBytes: 0,
    });
    for (const index of [1, 0, 2]) await test.send(index);
    expect(Buffer.compare(await fs.readFile(test.published), test.file.bytes)).toBe(0);
  });

  it('lets an abort win before publishing, and removes every byte', async () => {
    const reached = deferred();
    const release = deferred();
    await using test = await setUp(
      {},
      {
        beforePublish: async () => {
          reached.resolve();
          await release.promise;
          return true;
        },
      },
    );
    await test.send(0);
    await test.send(1);
    const completing = test.send(2);
    await reached.promise;
    expect((await test.client.mutate('abort', { uploadId: test.uploadId })).data).toMatchObject({
      status: 'aborted',
    });
    release.resolve();
    expect((await completing).data).toMatchObject({ status: 'aborted' });
    await test.server.uploads.close();
    await expect(fs.stat(test.published)).rejects.toThrow('ENOENT');
    expect(await fs.readdir(path.dirname(test.staged))).toEqual([]);
  });

  it('says `assembling` when it takes long, and completes once, also for those who ask again', async () => {
    const release = deferred();
    let calls = 0;
    const clock = manualClock();
    const reached = deferred();
    await using test = await setUp(
      { clock, hookTimeoutMs: SERVER_DEFAULTS.maxLifetimeMs },
      {
        beforePublish: async () => {
          calls++;
          reached.resolve();
          await release.promise;
          return true;
        },
      },
    );
    await test.send(0);
    await test.send(1);
    const completing = test.send(2);
    await reached.promise;
    const repeated = test.send(2);
    const arrived = new Promise((resolve) => test.server.server.once('request', resolve));
    await arrived;
    let answered = false;
    void completing.then(() => {
      answered = true;
    });
    while (!answered) await clock.advance(SERVER_DEFAULTS.completionWaitMs);
    expect((await completing).data).toMatchObject({ status: 'assembling', receivedChunks: 3 });
    release.resolve();
    expect(['assembling', 'completed']).toContain((await repeated).data.status);
    let view = await test.client.query<{ status: string }>('resume', { uploadId: test.uploadId });
    while (view.data.status === 'assembling')
      view = await test.client.query('resume', { uploadId: test.uploadId });
    expect(view.data).toMatchObject({ status: 'completed', hash: test.file.hash });
    expect(calls).toBe(1);
  });

  it('goes on after a restart where it was interrupted', async () => {
    const reached = deferred();
    await using test = await setUp(
      {},
      {
        beforePublish: (_: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise((_resolve, reject) => {
            reached.resolve();
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      },
    );
    await test.send(0);
    await test.send(1);
    const completing = test.send(2).catch((error: unknown) => error);
    await reached.promise;
    await test.server.uploads.close();
    await completing;
    const completed = deferred<string>();
    await using server = await startServer({
      root: test.folder.path,
      policies: {
        default: {
          threshold: CHUNK,
          chunkSize: CHUNK,
          completed: ({ uploadId }) => completed.resolve(uploadId),
        },
      },
    });
    expect(await completed.promise).toBe(test.uploadId);
    expect(Buffer.compare(await fs.readFile(test.published), test.file.bytes)).toBe(0);
    const view = await wireClient(server.url).init(test.file.input());
    expect(view.data).toMatchObject({ status: 'completed', uploadId: test.uploadId });
  });
});

describe('expiry and sweep', () => {
  it('expires idle sessions, keeps touched and completed ones, and removes orphans', async () => {
    const clock = manualClock();
    await using test = await setUp({ clock });
    const { client, server, folder } = test;
    const completed = randomFile(10, 10);
    const done = (await client.init(completed.input('done'))).data;
    const { data } = await client.chunk(completed.fields(done.uploadId, 0), completed.bytes);
    expect(data.status).toBe('completed');
    const idle = (await client.init(randomFile(CHUNK + 1, CHUNK).input('idle'))).data;
    const orphan = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
    await fs.writeFile(path.join(folder.path, 'staging', orphan), 'orphan');
    await fs.mkdir(path.join(folder.path, 'files', orphan));
    await fs.writeFile(path.join(folder.path, 'files', orphan, 'of an older database'), 'precious');
    await fs.writeFile(path.join(folder.path, 'staging', 'README'), 'not ours');

    await clock.advance(SERVER_DEFAULTS.idleExpiryMs - 1000);
    expect((await client.query('resume', { uploadId: test.uploadId })).data).toMatchObject({
      status: 'receiving',
    });
    await clock.advance(2000);
    await server.uploads.sweep();
    expect((await client.query('resume', { uploadId: idle.uploadId })).data).toMatchObject({
      status: 'expired',
    });
    expect((await client.query('resume', { uploadId: test.uploadId })).data).toMatchObject({
      status: 'receiving',
    });
    expect((await client.query('resume', { uploadId: done.uploadId })).data).toMatchObject({
      status: 'completed',
    });
    expect((await fs.readdir(path.join(folder.path, 'staging'))).sort()).toEqual(
      [test.uploadId, 'README'].sort(),
    );
    expect(await fs.readFile(path.join(folder.path, 'files', orphan, 'of an older database'), 'utf8')).toBe(
      'precious',
    );

    // Touched ones end too, a week after they began; rows of ended ones go a week later.
    await clock.advance(SERVER_DEFAULTS.maxLifetimeMs + SERVER_DEFAULTS.sweepIntervalMs);
    await server.uploads.sweep();
    expect((await client.query('resume', { uploadId: test.uploadId })).data).toMatchObject({
      status: 'expired',
    });
    expect((await client.query('resume', { uploadId: idle.uploadId })).status).toBe(404);
    expect((await test.send(0)).upload).toMatchObject({ code: 'UPLOAD_CLOSED', status: 'expired' });
  });
});

describe('one root', () => {
  it('is one server within a process, and refuses a second one elsewhere', async () => {
    await using test = await setUp({ ownThreads: true });
    await using second = await test.start();
    const file = randomFile(10, 10);
    const { uploadId } = (await wireClient(second.url).init(file.input('shared'))).data;
    expect((await test.client.query('resume', { uploadId })).status).toBe(200);
  });

  it('cannot start with limits that contradict each other', async () => {
    await using folder = await temporaryFolder();
    const start = (options: object) => startServer({ root: folder.path, ...options });
    await expect(start({ policies: { default: { threshold: 65 * 1024 * KiB } } })).rejects.toThrow(
      'threshold',
    );
    await expect(start({ memoryBudgetBytes: CHUNK })).rejects.toThrow('memoryBudget');
    await expect(start({ policies: { default: { maxParallelChunks: 0 } } })).rejects.toThrow(
      'maxParallelChunks',
    );
  });

  it('says UploadError to callers on the server too', async () => {
    await using test = await setUp();
    await test.server.uploads.close();
    await expect(test.server.uploads.files.stat(test.uploadId)).rejects.toBeInstanceOf(UploadError);
  });
});
