import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UploadError, WORKER_DEFAULTS } from '../../contract/index.js';
import { findInBatches, inParallel } from '../../server/stores/batches.js';
import { handOver } from '../../server/stores/hand-over.js';
import { storeError } from '../../server/stores/store-errors.js';
import { createUnsynced } from '../../server/stores/unsynced.js';
import { TaskError } from '../../workers/tasks.js';

describe('handing over a body', () => {
  it('moves memory that a piece fills alone, and copies what is shared with others', () => {
    const slab = new Uint8Array([1, 2, 3, 4, 5, 6]);
    const own = new Uint8Array([7, 8]);
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(9);
    const body = [slab.subarray(1, 3), own, shared, new Uint8Array(), Buffer.from('ab')];
    const { buffers, transfer } = handOver(body, 8);
    const received = structuredClone(buffers, { transfer });
    expect(Buffer.concat(received)).toEqual(Buffer.from([2, 3, 7, 8, 9, 9, 97, 98]));
    expect(slab).toHaveLength(6);
    expect(own).toHaveLength(0);
  });

  it('copies memory that comes twice', () => {
    const piece = new Uint8Array([1, 2]);
    const { buffers, transfer } = handOver([piece, piece], 4);
    expect(Buffer.concat(structuredClone(buffers, { transfer }))).toEqual(Buffer.from([1, 2, 1, 2]));
  });
});

describe('batches', () => {
  it('give each item to one task, with its position, within the limits of a batch', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.nat(2 * WORKER_DEFAULTS.batchBytes), bad: fc.boolean() }), {
          maxLength: 40,
        }),
        async (items) => {
          const seen: unknown[] = [];
          const found = await findInBatches(items, async (batch) => {
            seen.push(...batch);
            const before = batch.slice(0, -1).reduce((sum, { size }) => sum + size, 0);
            expect(before).toBeLessThan(WORKER_DEFAULTS.batchBytes);
            return [...batch.keys()].filter((position) => batch[position]?.bad);
          });
          expect(seen).toHaveLength(items.length);
          expect(new Set(seen)).toEqual(new Set(items));
          expect(new Set(found)).toEqual(new Set(items.filter(({ bad }) => bad)));
        },
      ),
    );
  });

  it('let several threads work on a small upload too', async () => {
    const batches: number[] = [];
    const items = Array.from({ length: 16 }, () => ({ size: 1000 }));
    await findInBatches(items, async (batch) => {
      batches.push(batch.length);
      return [];
    });
    expect(batches).toEqual([4, 4, 4, 4]);
  });

  it('begin nothing after a failure, and reject when what runs has ended', async () => {
    const log: string[] = [];
    const gates = Array.from({ length: 10 }, withResolvers);
    const run = inParallel([...gates.keys()], async (number) => {
      log.push(`begin ${number}`);
      await gates[number]?.promise;
      log.push(`end ${number}`);
    });
    const failure = new Error('third');
    gates[2]?.reject(failure);
    let settled = false;
    const outcome = run.catch((error: unknown) => {
      settled = true;
      return error;
    });
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    for (const number of [0, 1, 3]) gates[number]?.resolve();
    expect(await outcome).toBe(failure);
    expect(log.toSorted()).toEqual(['begin 0', 'begin 1', 'begin 2', 'begin 3', 'end 0', 'end 1', 'end 3']);
  });
});

describe('what is not synced yet', () => {
  it('is all at first, then what was written since, and all again after a failure', async () => {
    const unsynced = createUnsynced();
    const list = async () => ['a', 'b', 'c'];
    const synced: string[][] = [];
    const settle = (fails = false) =>
      unsynced.settle('id', list, async (paths) => {
        synced.push(paths);
        if (fails) throw new Error('EIO');
      });
    unsynced.add('id', 'a');
    await settle();
    await settle();
    unsynced.add('id', 'c');
    unsynced.add('other', 'x');
    await settle();
    await expect(settle(true)).rejects.toThrow('EIO');
    await settle();
    unsynced.forget('id');
    await settle();
    expect(synced).toEqual([['a', 'b', 'c'], [], ['c'], [], ['a', 'b', 'c'], ['a', 'b', 'c']]);
  });

  it('is settled by one call after the other, the second of which takes over from a failed first', async () => {
    const unsynced = createUnsynced();
    const gate = withResolvers();
    const log: string[] = [];
    const settle = (name: string, work: () => Promise<void>) =>
      unsynced.settle(
        'id',
        async () => ['a'],
        async (paths) => {
          log.push(`${name} ${paths}`);
          await work();
          log.push(`${name} done`);
        },
      );
    const first = settle('first', () => gate.promise);
    const second = settle('second', async () => undefined);
    await new Promise(setImmediate);
    expect(log).toEqual(['first a']);
    gate.reject(new Error('EIO'));
    await expect(first).rejects.toThrow('EIO');
    await second;
    expect(log).toEqual(['first a', 'second a', 'second done']);
  });
});

describe('errors of a store', () => {
  it.each([
    ['ENOSPC', 'STORAGE_FULL'],
    ['EDQUOT', 'STORAGE_FULL'],
    ['EMFILE', 'SERVER_BUSY'],
    ['ENFILE', 'SERVER_BUSY'],
    ['EIO', 'STORE_UNAVAILABLE'],
    ['EROFS', 'STORE_UNAVAILABLE'],
    ['EFBIG', 'STORE_UNAVAILABLE'],
    ['NOT_A_FILE', 'STORE_UNAVAILABLE'],
  ])('%s is %s, with the original as its cause and no path in its message', (code, expected) => {
    const cause = new TaskError({ code, message: `${code}: /srv/uploads/staging/x` });
    const error = storeError(cause);
    expect(error).toMatchObject({ code: expected, retryable: true, cause });
    expect(error.message).not.toContain('/srv');
  });

  it('lets its own errors pass, and makes a dead worker a passing failure', () => {
    const busy = new UploadError('SERVER_BUSY');
    expect(storeError(busy)).toBe(busy);
    const dead = new UploadError('INTERNAL');
    expect(storeError(dead)).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true, cause: dead });
    expect(storeError(new TypeError('a bug'))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

function withResolvers(): { promise: Promise<void>; resolve(): void; reject(error: Error): void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
