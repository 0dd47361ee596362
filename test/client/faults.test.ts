import fs from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { bytesSource, type Source, type TaskState, type UploadTask } from '../../client/index.js';
import { fileSource } from '../../client/node/index.js';
import { UploadError } from '../../contract/index.js';
import { fullJitter, manualClock } from './support/clock.js';
import type { Fault, Request } from './support/script.js';
import { bytesOf, setup, temporaryFolder } from './support/setup.js';

const SIZE = 50_000;

/** Records every state, and checks that nothing goes back within a phase. */
function watched(task: UploadTask): TaskState[] {
  const states = [task.state];
  task.subscribe(() => {
    const [before, now] = [states.at(-1), task.state];
    states.push(now);
    if (!before) return;
    expect(now.bytes).toBeGreaterThanOrEqual(before.bytes);
    expect(now.chunks).toBeGreaterThanOrEqual(before.chunks);
    expect(now.fraction).toBeGreaterThanOrEqual(before.fraction);
    expect(now.fraction === 1).toBe(now.phase === 'completed');
  });
  return states;
}

const onceFor =
  (index: number, fault: Fault) =>
  (request: Request): Fault | undefined =>
    request.index === index && request.attempt === 1 ? fault : undefined;

describe('a chunk whose request goes wrong is sent again', () => {
  it.each<[string, Fault]>([
    ['the connection breaks at once', { drop: 'early' }],
    ['the connection breaks in the middle of the body', { drop: 'middle' }],
    ['the answer is lost after the chunk was accepted', { drop: 'answer' }],
    ['a proxy answers 502 with a page', { status: 502, html: '<html>' }],
    ['a proxy answers 200 with a page', { status: 200 }],
    ['a proxy has lost the server and answers 404', { status: 404, html: '404 page not found' }],
    ['a network wants a sign-in first', { status: 302, headers: { location: 'http://127.0.0.1:1/login' } }],
    ['the bytes are damaged on the way', { flip: true }],
    ['the server is busy', { error: new UploadError('SERVER_BUSY') }],
    ['the server is too slow', { error: new UploadError('CHUNK_TIMEOUT') }],
    ['the server fails unexpectedly', { error: new UploadError('INTERNAL') }],
    [
      'there were too many requests',
      { status: 429, json: { error: { code: -32029, message: 'slow down' } } },
    ],
  ])('%s', async (_, fault) => {
    await using test = await setup({ fault: onceFor(3, fault) });
    const bytes = bytesOf(SIZE);
    const task = test.uploader.add(bytes);
    watched(task);
    const result = await task.result;
    expect(result.retries).toBe(1);
    expect(task.state.retries).toBe(1);
    expect(test.server.sessions.content(test.server.sessions.get(result.uploadId)).equals(bytes)).toBe(true);
    expect(test.server.chunkLog().filter(({ index }) => index === 3)).toHaveLength(2);
  });

  it('the last one too: its lost answer does not lose the completion', async () => {
    await using test = await setup({
      fault: ({ index, attempt }) => (index === 0 && attempt === 1 ? { drop: 'answer' } : undefined),
    });
    const result = await test.uploader.upload(bytesOf(100));
    expect(result).toMatchObject({ status: 'completed', retries: 1 });
  });

  it.each<[string, (file: string) => Promise<Source>]>([
    ['memory', async (file) => bytesSource(await fs.readFile(file))],
    // Reads into the memory of chunks that were accepted before.
    ['a file', (file) => fileSource(file)],
  ])('through a storm of faults, from %s, with progress that never goes back', async (_, open) => {
    await using folder = await temporaryFolder();
    const faults: Fault[] = [{ drop: 'early' }, { drop: 'middle' }, { drop: 'answer' }, { status: 503 }];
    let n = 0;
    await using test = await setup({
      fault: ({ index }) => (index !== undefined && n++ % 3 !== 2 ? faults[n % 4] : undefined),
    });
    const bytes = bytesOf(200_000);
    const task = test.uploader.add(await open(await folder.file('a', bytes)));
    const states = watched(task);
    const result = await task.result;
    expect(test.server.sessions.content(test.server.sessions.get(result.uploadId)).equals(bytes)).toBe(true);
    expect(result.retries).toBeGreaterThan(30);
    expect(states.at(-1)?.fraction).toBe(1);
  });

  it('after as long as Retry-After says', async () => {
    const clock = manualClock();
    const fault = { status: 503, headers: { 'retry-after': '17' } };
    await using test = await setup({ fault: onceFor(3, fault) }, { clock, random: fullJitter });
    const uploading = test.uploader.upload(bytesOf(SIZE));
    expect(await clock.timer((ms) => ms === 17_000)).toBe(17_000);
    clock.advance(17_000);
    expect((await uploading).retries).toBe(1);
  });

  it('from memory that no other chunk has taken meanwhile', async () => {
    const recycled: number[] = [];
    const bytes = bytesSource(bytesOf(SIZE));
    const source: Source = {
      ...bytes,
      recycle: (read) => void recycled.push((read as Uint8Array).byteOffset),
    };
    await using test = await setup({ fault: onceFor(3, { drop: 'answer' }), maxParallelChunks: 1 });
    const { chunkSize } = await test.trpc.uploads.policy.query({ size: SIZE });
    await test.uploader.upload(source);
    // Once for each chunk, although one of them was read and sent twice.
    expect(recycled.filter((offset) => offset === 3 * chunkSize)).toHaveLength(1);
    expect(new Set(recycled).size).toBe(Math.ceil(SIZE / chunkSize));
  });

  it('but not after answers that will not change', async () => {
    await using test = await setup({ fault: onceFor(3, { status: 413, html: '<html>too large' }) });
    const error = await test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
    expect(error).toMatchObject({ code: 'PROTOCOL', retryable: false });
    expect(error.message).toMatch(/^A chunk of 4 KiB .*client_max_body_size/);
  });

  it('but not when the caller is not signed in any more', async () => {
    const json = {
      error: { code: -32001, message: 'sign in', data: { code: 'UNAUTHORIZED', httpStatus: 401 } },
    };
    await using test = await setup({ fault: onceFor(3, { status: 401, json }) });
    await expect(test.uploader.upload(bytesOf(SIZE))).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});

describe('a server that is too busy', () => {
  it('gets fewer chunks at the same time', async () => {
    const together: number[] = [];
    await using test = await setup(
      {
        maxParallelChunks: 2,
        fault: ({ index = 9, attempt }) =>
          index < 2 && attempt === 1 ? { error: new UploadError('SERVER_BUSY') } : undefined,
        async receiving({ index = 9 }) {
          if (index >= 2) return;
          for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
          together.push(test.server.count.inFlight);
        },
      },
      { concurrency: 2 },
    );
    await test.uploader.upload(bytesOf(SIZE));
    expect(together[0]).toBe(1);
  });
});

describe('past the retry threshold', () => {
  it('every request of the upload is cancelled, and the session goes on later', async () => {
    await using test = await setup({
      fault: ({ index }) => (index === 1 ? { flip: true } : index === 2 ? { stall: true } : undefined),
    });
    const bytes = bytesOf(SIZE);
    const error = await test.uploader.upload(bytes, { name: 'a' }).catch((error) => error);
    expect(error).toMatchObject({ code: 'CHUNK_HASH_MISMATCH', index: 1, retryable: true });
    expect(test.server.chunkLog().filter(({ index }) => index === 1)).toHaveLength(6);
    await test.server.whenClosed(() => test.server.count.inFlight === 0);
    expect(test.server.chunkLog().filter(({ index }) => index === 2)).toMatchObject([{ aborted: true }]);
    expect(test.server.sessions.get(error.uploadId).status).toBe('receiving');

    test.server.script.fault = () => undefined;
    const result = await test.uploader.upload(bytes, { name: 'a' });
    expect(result).toMatchObject({ uploadId: error.uploadId, resumed: true });
  });

  it.each(['uploads.policy', 'uploads.init'])('an unreachable %s fails after its retries', async (path) => {
    await using test = await setup(
      { fault: (request) => (request.path === path ? { drop: 'early' } : undefined) },
      { retries: 2 },
    );
    await expect(test.uploader.upload(bytesOf(10))).rejects.toMatchObject({ code: 'NETWORK' });
    expect(test.server.log.filter((request) => request.path === path)).toHaveLength(3);
  });

  it('the patience ends too, counted from the last progress', async () => {
    const clock = manualClock();
    await using test = await setup(
      { fault: ({ index }) => (index === 1 ? { status: 502 } : undefined), maxParallelChunks: 1 },
      { clock, random: fullJitter, patienceMs: 1000, minBackoffMs: 400, maxBackoffMs: 400 },
    );
    const uploading = test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
    for (const wait of [400, 400, 200]) {
      await clock.timer((ms) => ms === wait);
      clock.advance(wait);
    }
    expect(await uploading).toMatchObject({ code: 'PROTOCOL', retryable: true });
    expect(test.server.chunkLog().filter(({ index }) => index === 1)).toHaveLength(4);
  });

  it('a call that is never answered counts as a network failure', async () => {
    const clock = manualClock();
    await using test = await setup(
      { fault: ({ path }) => (path === 'uploads.init' ? { stall: true } : undefined) },
      { clock, retries: 0 },
    );
    const uploading = test.uploader.upload(bytesOf(10)).catch((error) => error);
    await test.server.whenSeen(({ path }) => path === 'uploads.init');
    clock.advance(60_000);
    expect(await uploading).toMatchObject({ code: 'NETWORK' });
  });
});

describe('while offline', () => {
  it('nothing is sent and no patience is lost', async () => {
    const clock = manualClock();
    const listeners = new Set<() => void>();
    let online = true;
    const connectivity = {
      isOnline: () => online,
      onChange(listener: () => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const set = (now: boolean) => {
      online = now;
      for (const listener of [...listeners]) listener();
    };
    await using test = await setup(
      {
        fault: ({ index, attempt }) => {
          if (index !== 2 || attempt > 2) return undefined;
          if (attempt === 1) set(false);
          return { drop: 'early' };
        },
        maxParallelChunks: 1,
      },
      { clock, connectivity, patienceMs: 10_000, minBackoffMs: 300, maxBackoffMs: 300 },
    );
    const task = test.uploader.add(bytesSource(bytesOf(SIZE)));
    await new Promise<void>((resolve) => {
      task.subscribe(() => task.state.retries === 1 && resolve());
    });
    clock.advance(60_000);
    const before = test.server.log.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(test.server.log.length).toBe(before);
    set(true);
    await test.server.whenSeen(({ index, attempt }) => index === 2 && attempt === 2);
    await clock.timer((ms) => ms === 300);
    clock.advance(300);
    expect(await task.result).toMatchObject({ status: 'completed', retries: 2 });
  });
});
