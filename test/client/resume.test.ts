import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../client/index.js';
import { chunkAt, concatHashes, fileHashOf, fromHex, KiB, UploadError } from '../../contract/index.js';
import { manualClock } from './support/clock.js';
import type { Fault, Logged, Script } from './support/script.js';
import { type Session, sha256 } from './support/sessions.js';
import { bytesOf, setup } from './support/setup.js';

const SIZE = 50_000;

/** Puts chunks of `bytes` into a session, as an earlier run would have. */
function give(session: Session, bytes: Buffer, indexes: readonly number[]): void {
  for (const index of indexes) {
    const { offset, size } = chunkAt(session, bytes.length, index);
    const part = bytes.subarray(offset, offset + size);
    session.chunks.set(index, { hash: sha256(part), bytes: part });
    session.last = index;
  }
}

/** An upload that an earlier run began and broke off after the chunks in `indexes`. */
async function begun(indexes: readonly number[], script: Script = {}) {
  const test = await setup(script);
  const bytes = bytesOf(SIZE);
  const cut = { chunkSize: 4 * KiB, total: 13, mode: 'chunked' as const };
  const ranges = Array.from({ length: cut.total }, (_, index) => chunkAt(cut, SIZE, index));
  const hashes = ranges.map(({ offset, size }) => sha256(bytes.subarray(offset, offset + size)));
  const hash = await fileHashOf(concatHashes(hashes), (joined) => fromHex(sha256(joined)));
  const init = { name: 'a', size: SIZE, chunkSize: cut.chunkSize, hash };
  const session = test.server.sessions.get((await test.trpc.uploads.init.mutate(init)).uploadId);
  give(session, bytes, indexes);
  return { ...test, bytes, session, [Symbol.asyncDispose]: test[Symbol.asyncDispose] };
}

const sentIndexes = (test: { server: { chunkLog(): { index?: number }[] } }) =>
  test.server
    .chunkLog()
    .map(({ index }) => index ?? -1)
    .sort((a, b) => a - b);

describe('a second run', () => {
  it('sends what is missing, and the last received chunk again', async () => {
    await using test = await begun([0, 1, 2, 7, 4]);
    const task = test.uploader.add(bytesSource(test.bytes, { name: 'a' }));
    const seen: number[] = [];
    task.subscribe(() => seen.push(task.state.bytes));
    const result = await task.result;
    expect(sentIndexes(test)).toEqual([3, 4, 5, 6, 8, 9, 10, 11, 12]);
    expect(result).toMatchObject({ uploadId: test.session.id, resumed: true });
    expect(result.sentBytes).toBe(SIZE - 4 * 4 * KiB);
    expect(test.server.sessions.content(test.session).equals(test.bytes)).toBe(true);
    expect(task.state.resumed).toBe(true);
    expect(seen).toContain(5 * 4 * KiB);
  });

  it('asks for more of what is missing when there were too many gaps to tell', async () => {
    await using test = await begun([1, 3, 5, 7, 9, 11], { rangeLimit: 2 });
    await test.uploader.upload(test.bytes, { name: 'a' });
    expect(sentIndexes(test)).toEqual([0, 2, 4, 6, 8, 10, 11, 12]);
  });

  it('hashes with the chunk size of an earlier session, where the server knows the content under it', async () => {
    await using test = await begun([0, 1, 2]);
    Object.assign(test.server.script, { rules: { chunkSize: 8 * KiB }, resumable: [4 * KiB, 8 * KiB] });
    const result = await test.uploader.upload(test.bytes, { name: 'a' });
    expect(result).toMatchObject({ uploadId: test.session.id, resumed: true });

    const other = test.uploader.add(bytesSource(bytesOf(SIZE), { name: 'b' }));
    const { uploadId } = await other.result;
    expect(test.server.sessions.get(uploadId).chunkSize).toBe(8 * KiB);
    expect(other.state).toMatchObject({ hashedBytes: 2 * SIZE, hashTotalBytes: 2 * SIZE, resumed: false });
  });
});

describe('a session that ends while its chunks are on the way', () => {
  type Close = (session: Session, server: { sessions: Map<string, Session> }) => void;

  async function closeAt(at: number, close: Close) {
    let closed = false;
    const test = await setup({
      maxParallelChunks: 1,
      async receiving({ index, uploadId }) {
        if (index !== at || closed || !uploadId) return;
        closed = true;
        close(test.server.sessions.get(uploadId), { sessions: test.server.sessions.all });
      },
    });
    return test;
  }

  it.each<[string, Close]>([
    ['expired', (session) => Object.assign(session, { status: 'expired' })],
    ['is unknown', (session, { sessions }) => sessions.delete(session.id)],
  ])('%s: a new one takes its place', async (_, close) => {
    await using test = await closeAt(3, close);
    const bytes = bytesOf(SIZE);
    const result = await test.uploader.upload(bytes, { name: 'a' });
    expect(result.uploadId).toMatch(/2$/);
    expect(test.server.sessions.content(test.server.sessions.get(result.uploadId)).equals(bytes)).toBe(true);
  });

  it('was aborted, here or elsewhere: that is not undone', async () => {
    await using test = await closeAt(3, (session) => Object.assign(session, { status: 'aborted' }));
    await expect(test.uploader.upload(bytesOf(SIZE))).rejects.toMatchObject({
      code: 'UPLOAD_CLOSED',
      message: expect.stringMatching(/was aborted.*again/),
      data: { status: 'aborted' },
    });
    expect(test.server.sessions.all.size).toBe(1);
  });

  it('is replaced with patience, not with a few retries', async () => {
    await using test = await closeAt(3, (session) => Object.assign(session, { status: 'expired' }));
    test.server.script.fault = ({ path, attempt }) =>
      path === 'uploads.init' && attempt > 1 && attempt < 10 ? { drop: 'early' } : undefined;
    expect(await test.uploader.upload(bytesOf(SIZE))).toMatchObject({ status: 'completed', retries: 8 });
  });

  it('was completed by another client: that is a success', async () => {
    const bytes = bytesOf(SIZE);
    await using test = await closeAt(3, (session) => {
      give(session, bytes, [...Array(13).keys()]);
      Object.assign(session, { status: 'completed', path: 'files/x/a' });
      session.chunks.delete(3);
    });
    const result = await test.uploader.upload(bytes, { name: 'a' });
    expect(result).toMatchObject({ status: 'completed', path: 'files/x/a' });
  });

  it('again and again: it fails with what the server says', async () => {
    await using test = await setup({
      async receiving({ uploadId }) {
        if (uploadId) test.server.sessions.get(uploadId).status = 'expired';
      },
    });
    const error = await test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
    expect(error).toMatchObject({ code: 'UPLOAD_CLOSED', data: { status: 'expired' } });
    expect(test.server.sessions.all.size).toBe(3);
  });
});

describe('after the last chunk', () => {
  it('an assembly is followed, with growing pauses, to its end', async () => {
    const clock = manualClock();
    let assembling: Session | null = null;
    await using test = await setup(
      {
        full(session) {
          session.status = 'assembling';
          assembling = session;
        },
      },
      { clock },
    );
    const task = test.uploader.add(bytesOf(SIZE));
    const looks = () => test.server.log.filter(({ path }) => path === 'uploads.resume').length;
    for (const pause of [250, 500]) {
      await clock.timer((ms) => ms === pause);
      expect(task.state).toMatchObject({ phase: 'assembling', bytes: SIZE });
      expect(task.state.fraction).toBeLessThan(1);
      clock.advance(pause);
    }
    await clock.timer((ms) => ms === 1000);
    expect(looks()).toBe(2);
    if (assembling) await test.server.sessions.complete(assembling);
    clock.advance(1000);
    expect(await task.result).toMatchObject({ status: 'completed', retries: 0 });
  });

  it('a look that failed is not what it waits for any more, once another was answered', async () => {
    const clock = manualClock();
    const assembling: Session[] = [];
    const full = (session: Session) => {
      session.status = 'assembling';
      assembling.push(session);
    };
    const fault = ({ path, attempt }: Logged): Fault | undefined =>
      path === 'uploads.resume' && attempt === 1 ? { drop: 'early' } : undefined;
    await using test = await setup({ full, fault }, { clock, minBackoffMs: 9, maxBackoffMs: 9 });
    const task = test.uploader.add(bytesOf(SIZE));
    await clock.timer((ms) => ms === 250);
    clock.advance(250);
    await clock.timer((ms) => ms === 9);
    expect(task.state).toMatchObject({ phase: 'assembling', retrying: { code: 'NETWORK' } });
    clock.advance(9);
    await clock.timer((ms) => ms === 500);
    expect(task.state).toMatchObject({ phase: 'assembling', retrying: null });
    for (const session of assembling) await test.server.sessions.complete(session);
    clock.advance(500);
    expect(await task.result).toMatchObject({ status: 'completed', retries: 1 });
  });

  it('assemblies that take long do not hold up other uploads', async () => {
    await using test = await setup(
      {
        full(session) {
          if (session.input.name === 'quick') return test.server.sessions.complete(session);
          session.status = 'assembling';
        },
      },
      { clock: manualClock(), concurrency: 1 },
    );
    for (let i = 0; i < 8; i++) test.uploader.add(bytesSource(bytesOf(10), { name: `slow${i}` }));
    expect(await test.uploader.upload(bytesOf(10), { name: 'quick' })).toMatchObject({ status: 'completed' });
  });

  it('a stored chunk that turns out damaged is sent again', async () => {
    let rounds = 0;
    await using test = await setup({
      async full(session) {
        if (++rounds > 1) return test.server.sessions.complete(session);
        session.chunks.delete(2);
        session.status = 'receiving';
      },
    });
    const bytes = bytesOf(SIZE);
    const result = await test.uploader.upload(bytes);
    expect(sentIndexes(test).filter((index) => index === 2)).toHaveLength(2);
    expect(test.server.sessions.content(test.server.sessions.get(result.uploadId)).equals(bytes)).toBe(true);
  });

  it('a server that loses chunks for ever does not keep the client for ever', async () => {
    const clock = manualClock();
    await using test = await setup(
      {
        full(session) {
          session.chunks.delete(2);
          session.status = 'assembling';
          reopened = session;
        },
      },
      { clock },
    );
    let reopened: Session | null = null;
    const uploading = test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
    for (let round = 0; round < 6; round++) {
      const pause = await clock.timer((ms) => ms >= 250 && ms < 8000 && ms !== 1000);
      if (reopened) Object.assign(reopened, { status: 'receiving' });
      clock.advance(pause);
    }
    expect(await uploading).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  });

  it('an upload that failed rejects with the error that the server stored', async () => {
    await using test = await setup({
      full(session) {
        const error = { code: 'HOOK_REFUSED' as const, retryable: false, message: 'a virus' };
        Object.assign(session, { status: 'failed', error });
      },
    });
    const error = await test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
    expect(error).toBeInstanceOf(UploadError);
    expect(error).toMatchObject({ code: 'HOOK_REFUSED', message: 'a virus', retryable: false });
    expect(error.uploadId).toBeDefined();
  });

  it('a lost server is waited for: the upload goes on with the next one', async () => {
    await using test = await setup();
    const bytes = bytesOf(SIZE);
    let lost = 0;
    test.server.script.fault = ({ index }) => (index === 5 && lost++ < 8 ? { drop: 'early' } : undefined);
    const result = await test.uploader.upload(bytes);
    expect(result.retries).toBe(8);
  });
});
