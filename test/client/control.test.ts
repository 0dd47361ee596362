import { describe, expect, it, vi } from 'vitest';
import { bytesSource, webHasher } from '../../client/index.js';
import { CLIENT_DEFAULTS, KiB, UploadError } from '../../contract/index.js';
import { manualClock } from './support/clock.js';
import type { Fault, Script } from './support/script.js';
import { bytesOf, gate, setup } from './support/setup.js';

const SIZE = 50_000;

/** A server that holds every chunk from `from` on until told otherwise. */
async function holding(from: number, options: Parameters<typeof setup>[1] = {}, script: Script = {}) {
  const held = gate();
  const test = await setup(
    { ...script, receiving: ({ index = 0 }) => (index >= from ? held.opened : Promise.resolve()) },
    options,
  );
  return { ...test, held, [Symbol.asyncDispose]: test[Symbol.asyncDispose] };
}

describe('cancel', () => {
  it('aborts the requests, rejects with CANCELLED and keeps the session', async () => {
    await using test = await holding(2);
    const bytes = bytesOf(SIZE);
    const task = test.uploader.add(bytesSource(bytes, { name: 'a' }));
    await test.server.whenSeen(({ index }) => index === 5);
    await task.cancel();
    await expect(task.result).rejects.toMatchObject({ code: 'CANCELLED', retryable: false });
    expect(task.state.phase).toBe('cancelled');
    await test.server.whenClosed(() => test.server.count.inFlight === 0);
    const held = test.server.chunkLog().filter(({ index = 0 }) => index >= 2);
    expect(held.length).toBeGreaterThan(0);
    expect(held.every(({ aborted }) => aborted)).toBe(true);
    const session = test.server.sessions.get(task.state.uploadId ?? '');
    expect(session.status).toBe('receiving');
    test.held.open();
    expect(await test.uploader.upload(bytes, { name: 'a' })).toMatchObject({
      uploadId: session.id,
      resumed: true,
    });
  });

  it('with discard has the server abort the upload', async () => {
    await using test = await holding(2);
    const task = test.uploader.add(bytesOf(SIZE));
    await test.server.whenSeen(({ index }) => index === 2);
    await task.cancel({ discard: true });
    expect(test.server.sessions.get(task.state.uploadId ?? '').status).toBe('aborted');
    test.held.open();
  });

  it('with discard says so where the server cannot be asked', async () => {
    await using test = await holding(2);
    const task = test.uploader.add(bytesOf(SIZE));
    await test.server.whenSeen(({ index }) => index === 2);
    test.server.script.fault = ({ path }) => (path === 'uploads.abort' ? { drop: 'early' } : undefined);
    await expect(task.cancel({ discard: true })).rejects.toMatchObject({ code: 'NETWORK' });
    test.held.open();
  });

  it('before anything has begun asks the server nothing', async () => {
    await using test = await setup();
    const task = test.uploader.add(bytesOf(SIZE));
    await task.cancel({ discard: true });
    expect(test.server.log).toEqual([]);
    expect(task.state.phase).toBe('cancelled');
  });

  describe('with discard while init is on its way', () => {
    async function holdingInit(then?: Fault) {
      const held = gate();
      const test = await setup({
        fault: ({ path }) =>
          path === 'uploads.init' ? { hold: held.opened, ...(then && { then }) } : undefined,
      });
      const task = test.uploader.add(bytesOf(SIZE));
      await test.server.whenSeen(({ path }) => path === 'uploads.init');
      return { ...test, held, task, [Symbol.asyncDispose]: test[Symbol.asyncDispose] };
    }

    it('ends at once, and has the session aborted that init makes', async () => {
      await using test = await holdingInit();
      const cancelling = test.task.cancel({ discard: true });
      await expect(test.task.result).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(test.server.sessions.all.size).toBe(0);
      test.held.open();
      await cancelling;
      expect([...test.server.sessions.all.values()].map(({ status }) => status)).toEqual(['aborted']);
    });

    it('has it aborted after a pause too', async () => {
      await using test = await holdingInit();
      test.task.pause();
      await new Promise((resolve) => setImmediate(resolve));
      const cancelling = test.task.cancel({ discard: true });
      test.held.open();
      await cancelling;
      expect([...test.server.sessions.all.values()].map(({ status }) => status)).toEqual(['aborted']);
    });

    it('has nothing to abort where init is refused', async () => {
      await using test = await holdingInit({ error: new UploadError('REFUSED') });
      const cancelling = test.task.cancel({ discard: true });
      test.held.open();
      await cancelling;
      expect(test.server.log.map(({ path }) => path)).not.toContain('uploads.abort');
    });

    it('says so where the answer of init is lost', async () => {
      await using test = await holdingInit({ drop: 'answer' });
      const cancelling = test.task.cancel({ discard: true });
      test.held.open();
      await expect(cancelling).rejects.toMatchObject({ code: 'NETWORK' });
    });

    it('waits no longer than for any request', async () => {
      const clock = manualClock();
      await using test = await setup(
        { fault: ({ path }) => (path === 'uploads.init' ? { stall: true } : undefined) },
        { clock },
      );
      const task = test.uploader.add(bytesOf(SIZE));
      await test.server.whenSeen(({ path }) => path === 'uploads.init');
      const cancelling = task.cancel({ discard: true });
      await task.result.catch(() => {});
      clock.advance(CLIENT_DEFAULTS.stallMs);
      await expect(cancelling).rejects.toMatchObject({ code: 'NETWORK' });
    });

    it('without discard, init is broken off', async () => {
      await using test = await holdingInit();
      await test.task.cancel();
      const isInit = ({ path }: { path: string }) => path === 'uploads.init';
      await test.server.whenClosed(() => test.server.log.filter(isInit).every(({ aborted }) => aborted));
      expect(test.server.sessions.all.size).toBe(0);
    });
  });

  it('after the end changes nothing', async () => {
    await using test = await setup();
    const task = test.uploader.add(bytesOf(SIZE));
    const { uploadId } = await task.result;
    await task.cancel({ discard: true });
    expect(task.state.phase).toBe('completed');
    expect(test.server.sessions.get(uploadId).status).toBe('completed');
  });

  it('is never an unhandled rejection', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    await using test = await setup();
    await test.uploader.add(bytesOf(SIZE)).cancel();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('an AbortSignal', () => {
  it('cancels every upload that it was given to, without a warning of a leak', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    await using test = await holding(1, { concurrency: 20 }, { maxParallelChunks: 20 });
    const controller = new AbortController();
    const files = Array.from({ length: 30 }, (_, i) => bytesSource(bytesOf(SIZE), { name: `f${i}` }));
    const settling = test.uploader.uploadAll(files, { signal: controller.signal });
    await test.server.whenSeen(({ index }) => index === 12);
    controller.abort();
    for (const one of await settling) expect(one).toMatchObject({ error: { code: 'CANCELLED' } });
    const late = test.uploader.upload(bytesOf(1), { signal: controller.signal });
    await expect(late).rejects.toMatchObject({ code: 'CANCELLED' });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
    test.held.open();
  });
});

describe('pause and continue', () => {
  it('stop the requests, and go on with what the server lacks', async () => {
    await using test = await holding(2);
    const bytes = bytesOf(SIZE);
    const task = test.uploader.add(bytes);
    await test.server.whenSeen(({ index }) => index === 5);
    const paused = new Promise<void>((resolve) => {
      task.subscribe(() => task.state.phase === 'paused' && resolve());
    });
    task.pause();
    await paused;
    await test.server.whenClosed(() => test.server.count.inFlight === 0);
    const before = task.state.bytes;
    test.held.open();
    const asked = test.server.log.length;
    task.continue();
    const result = await task.result;
    expect(test.server.log[asked]).toMatchObject({ path: 'uploads.resume' });
    expect(test.server.log.filter(({ path }) => path === 'uploads.init')).toHaveLength(1);
    expect(test.server.sessions.content(test.server.sessions.get(result.uploadId)).equals(bytes)).toBe(true);
    expect(task.state.bytes).toBeGreaterThanOrEqual(before);
  });

  it('while init is on its way join it: hashed while sending, there is one session', async () => {
    const held = gate();
    await using test = await setup(
      { fault: ({ path }) => (path === 'uploads.init' ? { hold: held.opened } : undefined) },
      { hashing: 'during' },
    );
    const task = test.uploader.add(bytesOf(SIZE));
    await test.server.whenSeen(({ path }) => path === 'uploads.init');
    task.pause();
    await new Promise((resolve) => setImmediate(resolve));
    task.continue();
    held.open();
    expect(await task.result).toMatchObject({ status: 'completed' });
    expect(test.server.sessions.all.size).toBe(1);
  });

  it('give way to other uploads meanwhile', async () => {
    await using test = await holding(0, { concurrency: 1 });
    const first = test.uploader.add(bytesSource(bytesOf(SIZE), { name: 'first' }));
    await test.server.whenSeen(({ index }) => index === 0);
    first.pause();
    test.held.open();
    await test.uploader.upload(bytesOf(SIZE), { name: 'second' });
    expect(first.state.phase).toBe('paused');
    first.continue();
    expect(await first.result).toMatchObject({ status: 'completed' });
  });

  it('do not hash again what was hashed', async () => {
    const real = webHasher();
    const reached = gate();
    const hashed: number[] = [];
    const hasher = {
      ...real,
      hashChunks: async (...[source, pieces, options]: Parameters<typeof real.hashChunks>) => {
        hashed.push(...pieces.map(({ index }) => index));
        if (hashed.length > 64) reached.open();
        return real.hashChunks(source, pieces, options);
      },
    };
    await using test = await setup({ rules: { chunkSize: KiB } }, { hasher });
    const task = test.uploader.add(bytesOf(200 * KiB));
    await reached.opened;
    task.pause();
    await new Promise((resolve) => setImmediate(resolve));
    expect(task.state.phase).toBe('paused');
    const soFar = task.state.hashedBytes;
    task.continue();
    await task.result;
    expect(soFar).toBeGreaterThanOrEqual(64 * KiB);
    expect(hashed.filter((index) => index < 64)).toHaveLength(64);
    expect(task.state.hashedBytes).toBe(200 * KiB);
  });

  it('a paused upload can be cancelled', async () => {
    await using test = await holding(0);
    const task = test.uploader.add(bytesOf(SIZE));
    await test.server.whenSeen(({ index }) => index === 0);
    task.pause();
    await task.cancel({ discard: true });
    await expect(task.result).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(test.server.sessions.get(task.state.uploadId ?? '').status).toBe('aborted');
    test.held.open();
  });

  it('at once, before the work has begun', async () => {
    await using test = await setup();
    const task = test.uploader.add(bytesOf(SIZE));
    task.pause();
    await new Promise((resolve) => setImmediate(resolve));
    expect(test.server.log).toEqual([]);
    task.continue();
    expect(await task.result).toMatchObject({ status: 'completed' });
  });
});
