import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../client/index.js';
import { KiB } from '../../contract/index.js';
import { bytesOf, gate, setup } from './support/setup.js';

/** Holds up the first `count` requests until all of them are there. */
function meeting(count: number) {
  const { opened, open } = gate();
  let arrived = 0;
  return {
    arrive: () => {
      if (++arrived === count) open();
      return opened;
    },
  };
}

describe('an upload', () => {
  it.each(['before', 'during'] as const)('of any size arrives whole, hashed %s sending', async (hashing) => {
    await using test = await setup({}, { hashing });
    for (const size of [0, 1, 8 * KiB, 8 * KiB + 1, 12 * KiB, 50_001]) {
      const bytes = bytesOf(size);
      const task = test.uploader.add(bytesSource(bytes, { name: 'a.bin' }));
      const result = await task.result;
      const session = test.server.sessions.get(result.uploadId);
      expect(test.server.sessions.content(session).equals(bytes)).toBe(true);
      expect(session.input.hash === null).toBe(hashing === 'during');
      expect(result).toMatchObject({
        ...{ status: 'completed', path: `files/${result.uploadId}/a.bin`, hash: session.hash, size },
        ...{ resumed: false, sentBytes: size, retries: 0 },
      });
      expect(task.state).toMatchObject({ phase: 'completed', fraction: 1, bytes: size, error: null });
    }
  });

  it('tells the server what is known of the file', async () => {
    await using test = await setup();
    const file = new File([new Uint8Array(10)], 'a.txt', { type: 'text/plain', lastModified: 7 });
    const options = { policy: 'photos', metadata: { album: 1 }, relativePath: 'b/a.txt', name: 'c.txt' };
    const { uploadId } = await test.uploader.upload(file, options);
    expect(test.server.sessions.get(uploadId).input).toMatchObject({
      ...{ name: 'c.txt', relativePath: 'b/a.txt', type: 'text/plain', lastModified: 7, size: 10 },
      ...{ policy: 'photos', metadata: { album: 1 } },
    });
  });

  it('of a file that the server holds already sends nothing', async () => {
    await using test = await setup();
    const bytes = bytesOf(30_000);
    const first = await test.uploader.upload(bytes, { name: 'a' });
    const again = await test.uploader.upload(bytes, { name: 'a' });
    expect(again).toMatchObject({ path: first.path, resumed: true, sentBytes: 0 });
    const other = await test.uploader.upload(bytes, { name: 'b' });
    expect(other).toMatchObject({ resumed: false, sentBytes: 30_000 });
  });

  it('that is too large fails before a byte is hashed', async () => {
    await using test = await setup({ rules: { maxFileSize: 1000 } });
    const source = { ...bytesSource(new Uint8Array(1001)), read: () => Promise.reject(new Error('read')) };
    const error = await test.uploader.upload(source, { name: 'big' }).catch((error) => error);
    expect(error).toMatchObject({ code: 'FILE_TOO_LARGE', retryable: false });
    expect(error.data).toMatchObject({ expected: 1000, received: 1001 });
    expect(error.message).toMatch(/^big has 1001 B; at most 1000 B/);
  });

  it('plans anew when the policy changed between the question and init', async () => {
    await using test = await setup();
    const { script } = test.server;
    script.fault = ({ path }) => {
      if (path === 'uploads.init') script.rules = { chunkSize: 16 * KiB, minChunkSize: 16 * KiB };
      return undefined;
    };
    const result = await test.uploader.upload(bytesOf(50_000));
    expect(test.server.sessions.get(result.uploadId)).toMatchObject({ chunkSize: 16 * KiB, total: 4 });
    expect(test.server.log.filter(({ path }) => path === 'uploads.init')).toHaveLength(2);
  });

  it('shows its phases in order, hashing before sending', async () => {
    await using test = await setup();
    const task = test.uploader.add(bytesOf(40_000));
    const phases: string[] = [task.state.phase];
    task.subscribe(() => {
      if (phases.at(-1) !== task.state.phase) phases.push(task.state.phase);
    });
    await task.result;
    expect(phases).toEqual(['waiting', 'hashing', 'uploading', 'completed']);
    expect(task.state.hashedBytes).toBe(40_000);
  });

  it('is a task, not a promise, with snapshots that stay what they were', async () => {
    await using test = await setup();
    const task = test.uploader.add(bytesOf(40_000));
    expect('then' in task).toBe(false);
    const before = task.state;
    expect(Object.isFrozen(before)).toBe(true);
    expect(task.state).toBe(before);
    await task.result;
    expect(before.phase).toBe('waiting');
    expect(task.state).not.toBe(before);
  });

  it('ends a subscription when asked to', async () => {
    await using test = await setup();
    const task = test.uploader.add(bytesOf(40_000));
    let told = 0;
    const stop = task.subscribe(() => told++);
    stop();
    await task.result;
    expect(told).toBe(0);
  });
});

describe('many uploads', () => {
  it('share one limit of requests in flight, and each settles by itself', async () => {
    const together = meeting(5);
    await using test = await setup(
      {
        receiving: together.arrive,
        fault: ({ path, index, uploadId }) =>
          path === 'uploads.chunk' && index === 0 && uploadId?.endsWith('7') ? { status: 413 } : undefined,
      },
      { concurrency: 5 },
    );
    const files = Array.from({ length: 200 }, (_, i) => bytesSource(bytesOf(i * 100), { name: `f${i}` }));
    const tasks: string[] = [];
    const settled = await test.uploader.uploadAll(files, {}, (task) => tasks.push(task.id));
    expect(settled.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
    expect(new Set(tasks).size).toBe(200);
    expect(test.server.count.mostInFlight).toBe(5);
    const failed = settled.filter(({ status }) => status === 'failed');
    expect(failed).toHaveLength(20);
    for (const one of failed) expect(one).toMatchObject({ error: { code: 'PROTOCOL', retryable: false } });
  });

  it('are begun in order: not all at once, and the first ones end first', async () => {
    await using test = await setup({ rules: { threshold: 0 } }, { concurrency: 2 });
    const files = Array.from({ length: 30 }, (_, i) => bytesSource(bytesOf(20_000), { name: `f${i}` }));
    const ended: string[] = [];
    const order = files.map((file) =>
      test.uploader.upload(file).then(() => {
        ended.push(file.name);
        const begun = test.server.sessions.all.size;
        expect(begun).toBeLessThanOrEqual(ended.length + 2 + 4);
      }),
    );
    await Promise.all(order);
    expect(ended.slice(0, 10)).not.toContain('f29');
  });

  it('of one file stay within the number that the policy allows', async () => {
    const together = meeting(2);
    await using test = await setup({ maxParallelChunks: 2, receiving: together.arrive }, { concurrency: 8 });
    await test.uploader.upload(bytesOf(100_000));
    expect(test.server.count.mostInFlight).toBe(2);
  });

  it('takes sources from a generator, whose failure comes out once all that has begun is settled', async () => {
    await using test = await setup();
    const sources = (async function* () {
      yield bytesOf(10);
      throw new Error('no more');
    })();
    const tasks: { state: { phase: string } }[] = [];
    await expect(test.uploader.uploadAll(sources, {}, (task) => tasks.push(task))).rejects.toThrow('no more');
    expect(tasks.map(({ state }) => state.phase)).toEqual(['completed']);
  });
});

describe('an uploader', () => {
  it('refuses options that make no sense', async () => {
    await using test = await setup();
    const { createUploader } = await import('../../client/index.js');
    for (const options of [{ concurrency: 0 }, { retries: -1 }, { patienceMs: 1.5 }, { maxBackoffMs: 1 }])
      expect(() => createUploader(test.trpc.uploads, options)).toThrow(RangeError);
  });

  it('cancels what runs when it is closed, and takes nothing more', async () => {
    await using test = await setup({ fault: ({ index }) => (index === 1 ? { stall: true } : undefined) });
    const task = test.uploader.add(bytesOf(20_000));
    await test.server.whenSeen(({ index }) => index === 1);
    let settled = false;
    task.result.catch(() => {
      settled = true;
    });
    await test.uploader.close();
    expect(settled).toBe(true);
    await expect(task.result).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(() => test.uploader.add(bytesOf(1))).toThrow(/closed/);
  });
});
