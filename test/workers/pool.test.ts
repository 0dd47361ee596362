import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../contract/version.js';
import { createWorkerPool, type WorkerPoolOptions } from '../../server/pool.js';
import { createThreads, type Threads } from '../../server/threads.js';
import { workerUrl } from '../../server/worker-url.js';
import { TaskError } from '../../workers/tasks.js';
import { sha256, temporaryFolder } from '../support/stores.js';

const crashing = new URL('../support/crashing-worker.js', import.meta.url);
const crashingPool = (options: Partial<WorkerPoolOptions> = {}) =>
  createWorkerPool({ worker: crashing, threads: 2, ...options });

/** A task that blocks its thread until `end` is called. */
async function blocking(pool: ReturnType<typeof createWorkerPool>, signal?: AbortSignal) {
  const folder = await temporaryFolder();
  const file = path.join(folder.path, 'end');
  return {
    ...folder,
    outcome: pool.run('syncFolder', { path: file }, signal ? { signal } : {}),
    end: () => writeFileSync(file, ''),
  };
}

describe('a pool of worker threads', () => {
  it('runs tasks of the real worker file', async () => {
    await using pool = createWorkerPool({ worker: workerUrl });
    expect(await pool.run('ping', null)).toBe(VERSION);
    const joined = new Uint8Array([1, 2, 3]);
    expect(await pool.run('hashOfHashes', { joined })).toBe(sha256(joined));
  });

  it('answers a failed system call as a TaskError with its code', async () => {
    await using pool = createWorkerPool({ worker: workerUrl, threads: 1 });
    const failure: unknown = await pool
      .run('syncFile', { path: '/nowhere/at/all' })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TaskError);
    expect(failure).toMatchObject({ code: 'ENOENT', message: expect.stringContaining('/nowhere/at/all') });
  });

  for (const death of ['throw', 'exit', 'uncaught', 'heap'])
    it(`fails one task, and goes on (${death})`, async () => {
      await using pool = crashingPool({ resourceLimits: { maxOldGenerationSizeMb: 16 } });
      await using bystander = await blocking(pool);
      for (let time = 0; time < 3; time++) {
        await expect(pool.run('syncFile', { path: death })).rejects.toMatchObject({
          name: 'UploadError',
          code: 'INTERNAL',
          cause: expect.any(Error),
        });
        expect(await pool.run('ping', null)).toBe('pong');
      }
      bystander.end();
      expect(await bystander.outcome).toBeNull();
    });

  it('fails each of many tasks whose threads die at the same time, and none of the others', async () => {
    await using pool = crashingPool();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, number) => pool.run('syncFile', { path: number % 2 ? 'exit' : 'fine' })),
    );
    for (const [number, outcome] of outcomes.entries())
      expect(outcome.status).toBe(number % 2 ? 'rejected' : 'fulfilled');
  });

  it('fails, and does not hang, where threads cannot even start; again and again', async () => {
    await using pool = createWorkerPool({ worker: new URL('./missing.js', crashing), threads: 2 });
    // One task: the other thread dies idle. Then more tasks than threads.
    await expect(pool.run('ping', null)).rejects.toMatchObject({ code: 'INTERNAL' });
    for (let time = 0; time < 3; time++)
      await expect(
        Promise.all(Array.from({ length: 4 }, () => pool.run('ping', null))),
      ).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('starts no thread before the first task', async () => {
    let started = 0;
    const count = () => started++;
    process.on('worker', count);
    try {
      await using pool = createWorkerPool({ worker: workerUrl, threads: 2 });
      expect(started).toBe(0);
      await pool.run('ping', null);
      expect(started).toBe(2);
    } finally {
      process.off('worker', count);
    }
  });

  it('starts as many threads as it needs after one died, and no more', async () => {
    let started = 0;
    const count = () => started++;
    process.on('worker', count);
    try {
      await using pool = crashingPool({ threads: 1 });
      await expect(pool.run('syncFile', { path: 'exit' })).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await pool.run('ping', null)).toBe('pong');
      await expect(pool.run('syncFile', { path: 'throw' })).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await pool.run('ping', null)).toBe('pong');
    } finally {
      process.off('worker', count);
    }
    // A task that throws leaves its thread alive.
    expect(started).toBe(2);
  });

  it('takes an aborted task out of the queue, and lets one that runs come to its end', async () => {
    await using pool = crashingPool({ threads: 1 });
    const [running, waiting] = [new AbortController(), new AbortController()];
    await using first = await blocking(pool, running.signal);
    await using second = await blocking(pool, waiting.signal);
    const third = pool.run('ping', null);
    const reason = new Error('no longer wanted');
    running.abort(reason);
    waiting.abort(reason);
    await expect(second.outcome).rejects.toBe(reason);
    first.end();
    expect(await first.outcome).toBeNull();
    expect(await third).toBe('pong');
    await expect(pool.run('ping', null, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('answers SERVER_BUSY where the queue is full, and takes tasks again afterwards', async () => {
    await using pool = crashingPool({ threads: 1, queueLimit: 2 });
    await using first = await blocking(pool);
    const waiting = [pool.run('ping', null), pool.run('ping', null)];
    await expect(pool.run('ping', null)).rejects.toMatchObject({ code: 'SERVER_BUSY', retryable: true });
    first.end();
    expect(await Promise.all(waiting)).toEqual(['pong', 'pong']);
    expect(await pool.run('ping', null)).toBe('pong');
  });

  it('works through its queue in order', async () => {
    await using pool = crashingPool({ threads: 1 });
    await using first = await blocking(pool);
    const order: number[] = [];
    const all = Array.from({ length: 10 }, async (_, number) => {
      await pool.run('ping', null);
      order.push(number);
    });
    first.end();
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('moves memory to the worker instead of copying it', async () => {
    await using folder = await temporaryFolder();
    await using pool = createWorkerPool({ worker: workerUrl, threads: 1 });
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const extent = { path: path.join(folder.path, 'chunk'), offset: 0, size: 4, hash: sha256(bytes) };
    const run = pool.run(
      'writeChunk',
      { extent, buffers: [bytes], target: 'whole', sync: false },
      { transfer: [bytes.buffer] },
    );
    expect(await run).toEqual({ ok: true });
    expect(bytes.byteLength).toBe(0);
    expect(existsSync(extent.path)).toBe(true);
  });

  it('fails a task whose memory has moved away before, and goes on', async () => {
    await using pool = createWorkerPool({ worker: workerUrl, threads: 1 });
    const bytes = new Uint8Array(4);
    const joined = { joined: bytes };
    await pool.run('hashOfHashes', joined, { transfer: [bytes.buffer] });
    await expect(pool.run('hashOfHashes', joined, { transfer: [bytes.buffer] })).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    expect(await pool.run('ping', null)).toBe(VERSION);
  });

  it('waits for running tasks when it is disposed of, and refuses the others', async () => {
    const pool = crashingPool({ threads: 1 });
    await using first = await blocking(pool);
    const waiting = pool.run('ping', null);
    const disposal = pool[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    await expect(pool.run('ping', null)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    first.end();
    expect(await first.outcome).toBeNull();
    await disposal;
    await pool[Symbol.asyncDispose]();
  });

  it.each([
    ['idle', ''],
    ['disposed of', 'await pool[Symbol.asyncDispose]();'],
  ])('does not keep a process alive (%s)', async (_state, last) => {
    const built = new URL('./pool.js', workerUrl);
    const program = `
      import { createWorkerPool } from ${JSON.stringify(built.href)};
      const pool = createWorkerPool({ worker: new URL(${JSON.stringify(workerUrl.href)}) });
      console.log(await pool.run('ping', null));
      ${last}`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 25_000,
    });
    expect(stdout).toBe(`${VERSION}\n`);
  });
});

describe('threads', () => {
  /** Threads of which the first call has only begun, and how many are alive. */
  async function counted(run: (threads: Threads, first: Promise<unknown>) => Promise<void>) {
    const alive = new Set<Worker>();
    const count = (worker: Worker) => {
      alive.add(worker);
      worker.once('exit', () => alive.delete(worker));
    };
    process.on('worker', count);
    try {
      const threads = createThreads({ worker: workerUrl, count: 2 });
      const first = threads.run('ping', null);
      first.catch(() => {});
      expect([threads.running, alive.size]).toEqual([false, 0]);
      await run(threads, first);
      expect(alive.size).toBe(0);
    } finally {
      process.off('worker', count);
    }
  }

  it('that are abandoned before they began never begin, and others may begin afterwards', () =>
    counted(async (threads, first) => {
      await threads.abandon();
      await expect(first).rejects.toThrow('ended before they began');
      expect(threads.running).toBe(false);
      expect(await threads.run('ping', null)).toEqual({ result: VERSION });
      await threads.end();
    }));

  it('that are ended before they began do what they were asked to, and end', () =>
    counted(async (threads, first) => {
      await threads.end();
      expect(await first).toEqual({ result: VERSION });
    }));
});
