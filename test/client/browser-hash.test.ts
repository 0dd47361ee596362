import { describe, expect, it } from 'vitest';
import { blobSource, browserHasher, bytesSource, type HashWorker, type Source } from '../../client/index.js';
import { CLIENT_DEFAULTS, KiB, MiB } from '../../contract/index.js';
import { manualClock } from './support/clock.js';
import { sha256 } from './support/sessions.js';
import { bytesOf, gate } from './support/setup.js';

const never = new AbortController().signal;
const { hashWorkerReadyMs, hashPieceMs, hashThreadIdleMs } = CLIENT_DEFAULTS;
const PIECE = MiB;
const BYTES = bytesOf(6 * PIECE);
const BLOB = new Blob([new Uint8Array(BYTES)]);
const pieces = Array.from({ length: 6 }, (_, index) => ({ index, offset: index * PIECE, size: PIECE }));
const expected = pieces.map(({ offset, size }) => sha256(BYTES.subarray(offset, offset + size)));

type Task = { blob: Blob; offset: number; size: number } | { bytes: Uint8Array };

/** What a worker does, by the number of its message, and of its start, from 1. */
interface Behaviour {
  ready?(start: number): unknown;
  answer?(task: Task, message: number, start: number): unknown;
  /** How often it gives each answer. */
  times?: number;
}
/** Instead of a message: the worker never sends it, or it ends with an error. */
const SILENCE = Symbol('silence');
const DEATH = Symbol('death');

async function hashOf(task: Task): Promise<string> {
  if ('bytes' in task) return sha256(task.bytes);
  return sha256(new Uint8Array(await task.blob.slice(task.offset, task.offset + task.size).arrayBuffer()));
}

/** Workers of this thread, with messages that are cloned as between threads. */
function workers({ ready = () => 'ready', answer = hashOf, times = 1 }: Behaviour = {}) {
  const log = { started: 0, ended: 0, messages: 0, busy: 0, mostBusy: 0, prevented: 0 };
  const asked = gate();
  const make = (): HashWorker => {
    const start = ++log.started;
    let alive = true;
    const tell = async (message: unknown, number?: number) => {
      const told = await message;
      const data = number === undefined || typeof told === 'symbol' ? told : [number, told];
      if (!alive || data === SILENCE) return;
      if (data === DEATH)
        return (worker.onerror as (event: unknown) => void)({ preventDefault: () => log.prevented++ });
      (worker.onmessage as (event: { data: unknown }) => void)({ data });
    };
    const worker: HashWorker = {
      ...{ onmessage: null, onerror: null, onmessageerror: null },
      async postMessage(message, transfer) {
        const [number, task] = structuredClone(message, { transfer }) as [number, Task];
        asked.open();
        log.mostBusy = Math.max(log.mostBusy, ++log.busy);
        const answered = answer(task, ++log.messages, start);
        for (let time = 0; time < times; time++) await tell(answered, number);
        log.busy--;
      },
      terminate() {
        if (alive) log.ended++;
        alive = false;
      },
    };
    queueMicrotask(() => tell(ready(start)));
    return worker;
  };
  return { log, make, asked: asked.opened };
}

const hash = (source: Source, hasher: ReturnType<typeof browserHasher>, onProgress?: (n: number) => void) =>
  hasher.hashChunks(source, pieces, { signal: never, ...(onProgress ? { onProgress } : {}) });

describe('hashing in workers', () => {
  it('shares the pieces of a Blob among them, and gives the hashes in order', async () => {
    const { log, make } = workers();
    await using hasher = browserHasher({ threads: 3, worker: make, clock: manualClock() });
    const seen: number[] = [];
    const source = { ...blobSource(BLOB), read: () => Promise.reject(new Error('read on the page')) };
    expect(await hash(source, hasher, (bytes) => seen.push(bytes))).toEqual(expected);
    expect(seen).toEqual(pieces.map((_, index) => (index + 1) * PIECE));
    expect(log).toMatchObject({ started: 3, messages: 6, mostBusy: 3 });
  });

  it('takes nothing away from whom the bytes belong to', async () => {
    const { log, make } = workers();
    await using hasher = browserHasher({ threads: 2, worker: make, clock: manualClock() });
    expect(await hash(bytesSource(BYTES), hasher)).toEqual(expected);
    expect(await hasher.hashBytes(BYTES)).toBe(sha256(BYTES));
    expect(await hasher.hashBytes(BLOB)).toBe(sha256(BYTES));
    expect(BYTES.length).toBe(6 * PIECE);
    expect(log.messages).toBe(8);
  });

  it('keeps small pieces on the page, and starts nothing for them', async () => {
    const { log, make } = workers();
    await using hasher = browserHasher({ worker: make });
    const small = BYTES.subarray(0, 64 * KiB);
    expect(await hasher.hashBytes(small)).toBe(sha256(small));
    expect(log.started).toBe(0);
  });

  it('says that a file which became shorter, or cannot be read any more, has changed', async () => {
    const { make } = workers({ answer: () => null });
    await using hasher = browserHasher({ worker: make, clock: manualClock() });
    await expect(hash(blobSource(BLOB), hasher)).rejects.toMatchObject({ code: 'FILE_CHANGED', index: 0 });
  });

  it('stops waiting at once when it is aborted', async () => {
    const { make, asked } = workers({ answer: () => SILENCE });
    await using hasher = browserHasher({ worker: make, clock: manualClock() });
    const controller = new AbortController();
    const hashing = hasher.hashChunks(blobSource(BLOB), pieces, { signal: controller.signal });
    await asked;
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(hashing).rejects.toBe(reason);
  });

  it('ends its workers when there is nothing to do, and starts them again', async () => {
    const clock = manualClock();
    const { log, make } = workers();
    await using hasher = browserHasher({ threads: 2, worker: make, clock });
    await hash(blobSource(BLOB), hasher);
    clock.advance(hashThreadIdleMs - 1);
    expect(log.ended).toBe(0);
    clock.advance(1);
    expect(log).toMatchObject({ started: 2, ended: 2 });
    expect(await hash(blobSource(BLOB), hasher)).toEqual(expected);
    expect(log.started).toBe(4);
  });

  it('ends them when it is closed, also in the middle of a piece', async () => {
    const { log, make, asked } = workers({ answer: () => SILENCE });
    const hasher = browserHasher({ threads: 2, worker: make, clock: manualClock() });
    const hashing = hash(blobSource(BLOB), hasher);
    hashing.catch(() => {});
    await asked;
    await hasher.close?.();
    await expect(hashing).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(log.ended).toBe(log.started);
    await expect(hasher.hashBytes(BYTES)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(log.started).toBe(2);
  });
});

describe('a worker that', () => {
  it.each<[string, Behaviour]>([
    ['errors at its start', { ready: () => DEATH }],
    ['says something else than that it is ready', { ready: () => '<html>' }],
    ['answers rubbish', { answer: () => 'rubbish' }],
    ['cannot', { answer: () => undefined }],
    ['dies in the middle of a piece', { answer: () => DEATH }],
    ['dies after some pieces', { answer: (task, message) => (message > 2 ? DEATH : hashOf(task)) }],
    ['is the only one that dies', { answer: (task, _, start) => (start === 1 ? DEATH : hashOf(task)) }],
  ])('%s is done without: each piece is hashed', async (_, behaviour) => {
    const { log, make } = workers(behaviour);
    await using hasher = browserHasher({ threads: 3, worker: make, clock: manualClock() });
    expect(await hash(blobSource(BLOB), hasher)).toEqual(expected);
    expect(await hash(bytesSource(BYTES), hasher)).toEqual(expected);
    expect(log.ended).toBeGreaterThan(0);
    expect(log.started).toBeLessThanOrEqual(3);
  });

  it('answers twice does not answer for another piece', async () => {
    const { make } = workers({ times: 2 });
    await using hasher = browserHasher({ threads: 2, worker: make, clock: manualClock() });
    // Two files at once, so that the next piece waits for each worker.
    const both = [hash(blobSource(BLOB), hasher), hash(blobSource(BLOB), hasher)];
    expect(await Promise.all(both)).toEqual([expected, expected]);
  });

  it('cannot be started is done without', async () => {
    const make = () => {
      throw new DOMException('by policy', 'SecurityError');
    };
    await using hasher = browserHasher({ worker: make });
    expect(await hash(blobSource(BLOB), hasher)).toEqual(expected);
  });

  it('errors does not reach the error handlers of the app', async () => {
    const { log, make } = workers({ ready: () => DEATH });
    await using hasher = browserHasher({ threads: 1, worker: make, clock: manualClock() });
    await hash(blobSource(BLOB), hasher);
    expect(log.prevented).toBe(1);
  });

  it.each<[string, Behaviour, number]>([
    ['is never ready', { ready: () => SILENCE }, hashWorkerReadyMs],
    ['never answers', { answer: () => SILENCE }, hashPieceMs],
  ])('%s is waited for, and then done without', async (_, behaviour, ms) => {
    const clock = manualClock();
    const { log, make } = workers(behaviour);
    await using hasher = browserHasher({ threads: 2, worker: make, clock });
    const hashing = hash(blobSource(BLOB), hasher);
    await clock.timer((delay) => delay === ms);
    clock.advance(ms);
    expect(await hashing).toEqual(expected);
    expect(log).toMatchObject({ started: 2, ended: 2 });
  });

  it('slept with the machine is given its time', async () => {
    const clock = manualClock();
    let slept = 0;
    const wake = gate();
    const { log, make } = workers({ answer: (task) => wake.opened.then(() => hashOf(task)) });
    const sleeping = { ...clock, monotonic: () => clock.monotonic() + slept };
    await using hasher = browserHasher({ threads: 2, worker: make, clock: sleeping });
    const hashing = hash(blobSource(BLOB), hasher);
    await clock.timer((delay) => delay === hashPieceMs);
    slept = 10 * hashPieceMs;
    clock.advance(hashPieceMs);
    wake.open();
    expect(await hashing).toEqual(expected);
    expect(log).toMatchObject({ started: 2, ended: 0 });
  });

  it('is never ready ends its waiting also in the background, where timers come once a minute', async () => {
    const clock = manualClock();
    const { log, make } = workers({ ready: () => SILENCE });
    const background = { ...clock, after: (_: number, run: () => void) => clock.after(60_000, run) };
    await using hasher = browserHasher({ threads: 2, worker: make, clock: background });
    const hashing = hash(blobSource(BLOB), hasher);
    await clock.timer(() => true);
    clock.advance(2 * 60_000);
    expect(log).toMatchObject({ started: 2, ended: 2 });
    expect(await hashing).toEqual(expected);
  });
});
