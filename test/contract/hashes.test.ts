import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHUNK_HASH_PATTERN,
  concatHashes,
  FILE_HASH_PATTERN,
  fileHashOf,
  fromHex,
  HASH_BYTES,
  toHex,
  totalOfFileHash,
} from '../../contract/index.js';

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const webSha256 = async (bytes: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)));

const chunks = fc.array(fc.uint8Array({ maxLength: 64 }), { minLength: 1, maxLength: 40 });
const chunkHash = fc.uint8Array({ minLength: HASH_BYTES, maxLength: HASH_BYTES }).map(toHex);

describe('hexadecimal', () => {
  test('goes there and back, as Buffer writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes);
      }),
    );
  });

  test('anything else is a RangeError', () => {
    for (const text of ['a', '0g', '0x00', ' 00', '00\n', '١٢', '-1', '+1', '1.'])
      expect(() => fromHex(text), JSON.stringify(text)).toThrow(RangeError);
  });
});

describe('the file hash', () => {
  test('equals a computation with node:crypto that knows nothing of this code', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        const whole = createHash('sha256');
        for (const part of parts) whole.update(createHash('sha256').update(part).digest());
        const expected = `${whole.digest('hex')}-${parts.length}`;

        const joined = concatHashes(parts.map((part) => toHex(sha256(part))));
        expect(await fileHashOf(joined, sha256)).toBe(expected);
        expect(await fileHashOf(joined, webSha256)).toBe(expected);
        expect(expected).toMatch(FILE_HASH_PATTERN);
        expect(totalOfFileHash(expected)).toBe(parts.length);
      }),
    );
  });

  test('of an empty file is the hash of the hash of nothing', async () => {
    const ofNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(toHex(sha256(new Uint8Array()))).toBe(ofNothing);
    expect(await fileHashOf(concatHashes([ofNothing]), sha256)).toBe(
      '5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456-1',
    );
  });

  test('depends on the order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(chunkHash, { minLength: 2, maxLength: 5 }), async (hashes) => {
        const there = await fileHashOf(concatHashes(hashes), sha256);
        const back = await fileHashOf(concatHashes(hashes.toReversed()), sha256);
        expect(there).not.toBe(back);
      }),
    );
  });
});

test('concatHashes puts 32 bytes per hash at its index', () => {
  fc.assert(
    fc.property(fc.array(chunkHash, { maxLength: 20 }), (hashes) => {
      const joined = concatHashes(hashes);
      expect(joined.length).toBe(hashes.length * HASH_BYTES);
      for (const [index, hash] of hashes.entries())
        expect(toHex(joined.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES))).toBe(hash);
    }),
  );
});

test('the patterns', () => {
  const hex = 'a0'.repeat(32);
  expect(hex).toMatch(CHUNK_HASH_PATTERN);
  for (const wrong of [hex.toUpperCase(), hex.slice(1), `${hex}0`, `${hex}\n`, ` ${hex}`, ''])
    expect(wrong, JSON.stringify(wrong)).not.toMatch(CHUNK_HASH_PATTERN);
  for (const right of [`${hex}-1`, `${hex}-100000`]) expect(right).toMatch(FILE_HASH_PATTERN);
  for (const wrong of [hex, `${hex}-0`, `${hex}-01`, `${hex}-`, `${hex}--1`, `${hex}-1\n`, `${hex}-1234567`])
    expect(wrong, JSON.stringify(wrong)).not.toMatch(FILE_HASH_PATTERN);
});
