import fs from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytesSource, type Hasher, type Source, webHasher } from '../../client/index.js';
import { fileSource, nodeHasher } from '../../client/node/index.js';
import { createSha256 } from '../../client/sha256.js';
import { CLIENT_DEFAULTS, chunkAt, KiB, MiB, planFor } from '../../contract/index.js';
import { sha256 } from './support/sessions.js';
import { bytesOf, gate, temporaryFolder } from './support/setup.js';

const never = new AbortController().signal;
const SIZE = 3 * MiB + 17;
const plan = planFor(SIZE, {
  ...{
    threshold: 0,
    chunkSize: 256 * KiB,
    minChunkSize: 1,
    maxChunkSize: MiB,
    maxChunks: 100,
    maxFileSize: SIZE,
  },
});
const pieces = Array.from({ length: plan.total }, (_, index) => chunkAt(plan, SIZE, index));
const expected = (bytes: Buffer) =>
  pieces.map(({ offset, size }) => sha256(bytes.subarray(offset, offset + size)));

const hashers: [string, () => Hasher][] = [
  ['WebCrypto', () => webHasher()],
  // A page of a plain-http origin has no `crypto.subtle`.
  ['hash-wasm', () => webHasher(createSha256(null))],
  ['threads', () => nodeHasher({ threads: 2 })],
];

describe.each(hashers)('hashing with %s', (_, make) => {
  const used: Hasher[] = [];
  const hasher = () => {
    const made = make();
    used.push(made);
    return made;
  };
  afterEach(async () => {
    for (const made of used.splice(0)) await made.close?.();
  });

  it('gives the hash of each piece of a file and of bytes, in order, with growing progress', async () => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(SIZE);
    const sources: Source[] = [await fileSource(await folder.file('a', bytes)), bytesSource(bytes)];
    for (const source of sources) {
      const seen: number[] = [];
      const options = { signal: never, onProgress: (done: number) => seen.push(done) };
      expect(await hasher().hashChunks(source, pieces, options)).toEqual(expected(bytes));
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.at(-1)).toBe(SIZE);
      await source.close?.();
    }
    // The caller's memory is still the caller's.
    expect(bytes.length).toBe(SIZE);
  });

  it('hashes bytes, a Blob and nothing', async () => {
    const bytes = bytesOf(1000);
    const own = hasher();
    expect(await own.hashBytes(bytes)).toBe(sha256(bytes));
    expect(await own.hashBytes(new Blob([new Uint8Array(bytes)]))).toBe(sha256(bytes));
    expect(await own.hashBytes(new Uint8Array(0))).toBe(sha256(new Uint8Array(0)));
    expect(bytes.length).toBe(1000);
  });

  it('says that a file which became shorter, or is gone, has changed', async () => {
    await using folder = await temporaryFolder();
    const file = await folder.file('a', bytesOf(SIZE));
    const source = await fileSource(file);
    await fs.truncate(file, SIZE - 1);
    const hashing = hasher().hashChunks(source, pieces, { signal: never });
    await expect(hashing).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    await source.close?.();
  });

  it('stops at an abort', async () => {
    const reason = new Error('enough');
    const source = bytesSource(bytesOf(SIZE));
    const hashing = hasher().hashChunks(source, pieces, { signal: AbortSignal.abort(reason) });
    await expect(hashing).rejects.toBe(reason);
  });
});

it('an abort ends the waiting for a read that never ends', async () => {
  const reading = gate();
  const source: Source = {
    ...bytesSource(bytesOf(SIZE)),
    read: () => {
      reading.open();
      return new Promise(() => {});
    },
  };
  const controller = new AbortController();
  const hashing = webHasher().hashChunks(source, pieces, { signal: controller.signal });
  await reading.opened;
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(hashing).rejects.toBe(reason);
});

it('hash-wasm lets others have their turn in the middle of a piece', async () => {
  const sha = createSha256(null);
  const bytes = bytesOf(4 * CLIENT_DEFAULTS.pageSliceBytes + 1);
  // Loaded before, so that nothing else is waited for.
  await sha(new Uint8Array(1));
  let turns = 0;
  let done = false;
  const hashing = sha(bytes);
  const turn = () => {
    if (done) return;
    turns++;
    setImmediate(turn);
  };
  setImmediate(turn);
  expect(Buffer.from(await hashing).toString('hex')).toBe(sha256(bytes));
  done = true;
  expect(turns).toBeGreaterThanOrEqual(4);
});

describe('hashing in threads', () => {
  it('reads a file there, never through the source', async () => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(SIZE);
    const source = await fileSource(await folder.file('a', bytes));
    const read = vi.spyOn(source, 'read');
    await using hasher = nodeHasher({ threads: 2 });
    expect(await hasher.hashChunks(source, pieces, { signal: never })).toEqual(expected(bytes));
    expect(read).not.toHaveBeenCalled();
  });

  it('runs in a thread of its own, from the worker file that it is given', async () => {
    await using folder = await temporaryFolder();
    const file = await folder.file('worker.mjs', `export default () => ({ hash: 'from another file' })`);
    await using hasher = nodeHasher({ worker: new URL(`file://${file}`) });
    expect(await hasher.hashBytes(bytesOf(1))).toBe('from another file');
  });

  it('says in words why a file cannot be read', async () => {
    await using hasher = nodeHasher();
    const folderAsFile: Source = { ...bytesSource(bytesOf(10)), path: '/' };
    const hashing = hasher.hashChunks(folderAsFile, [{ index: 0, offset: 0, size: 10 }], { signal: never });
    await expect(hashing).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/cannot be read/),
    });
  });

  it('ends its threads with the hasher', async () => {
    const hasher = nodeHasher();
    await hasher.hashBytes(bytesOf(1));
    await hasher.close?.();
    await expect(hasher.hashBytes(bytesOf(1))).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
