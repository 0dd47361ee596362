import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHUNK_HEADER,
  type ChunkFields,
  decodeChunkHeader,
  encodeChunkHeader,
  MAX_CHUNK_HEADER_BYTES,
  MAX_CHUNKS,
} from '../../contract/index.js';
import { chunkFields } from '../../contract/schemas.js';

const naturals = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER));
/** Any fields that the schema of `chunk` accepts. */
const fields: fc.Arbitrary<ChunkFields> = fc
  .record({
    uploadId: fc.ulid(),
    index: fc.integer({ min: 0, max: MAX_CHUNKS - 1 }),
    offset: naturals,
    size: naturals,
    total: fc.integer({ min: 1, max: MAX_CHUNKS }),
    hash: fc.stringMatching(/^[0-9a-f]{64}$/),
  })
  .filter((value) => chunkFields.safeParse(value).success);

const WHOLE: ChunkFields = {
  uploadId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  index: MAX_CHUNKS - 1,
  offset: Number.MAX_SAFE_INTEGER,
  size: Number.MAX_SAFE_INTEGER,
  total: MAX_CHUNKS,
  hash: 'f'.repeat(64),
};

describe("a chunk's header", () => {
  test('goes there and back for any fields that the schema accepts', () => {
    fc.assert(
      fc.property(fields, (value) => {
        const header = encodeChunkHeader(value);
        expect(decodeChunkHeader(header)).toEqual(value);
        expect(chunkFields.parse(decodeChunkHeader(header))).toEqual(value);
      }),
    );
  });

  test('is within its limit, and travels over HTTP as it is', () => {
    fc.assert(
      fc.property(fields, (value) => {
        const header = encodeChunkHeader(value);
        expect(header.length).toBeLessThanOrEqual(MAX_CHUNK_HEADER_BYTES);
        expect(new Headers({ [CHUNK_HEADER]: header }).get(CHUNK_HEADER)).toBe(header);
      }),
    );
    expect(encodeChunkHeader(WHOLE).length).toBeLessThanOrEqual(MAX_CHUNK_HEADER_BYTES);
  });

  test('leaves off whatever else the caller has at hand', () => {
    const input = { ...WHOLE, data: new Uint8Array(8), secret: 'token' };
    expect(decodeChunkHeader(encodeChunkHeader(input))).toEqual(WHOLE);
  });
});

describe('garbage', () => {
  test('never throws, and is a JSON value or undefined', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5000 }),
      fc.string({ unit: fc.constantFrom('%', '2', '7', 'B', 'F', '{', '"', '\\', 'u', '0'), maxLength: 40 }),
      fc.json().map((text) => encodeURIComponent(text).slice(0, -1)),
    );
    fc.assert(
      fc.property(garbage, (header) => {
        const value = decodeChunkHeader(header);
        if (value !== undefined) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
        expect(chunkFields.safeParse(value).success).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['', '%', '%E0%A4%A', '%7B', 'NaN', 'undefined', "{'a':1}", '\0', '%00'])(
    '%j is undefined',
    (header) => {
      expect(decodeChunkHeader(header)).toBeUndefined();
    },
  );

  test('a header above the limit is not even parsed', () => {
    const quoted = (length: number) => `"${'a'.repeat(length - 2)}"`;
    expect(decodeChunkHeader(quoted(MAX_CHUNK_HEADER_BYTES))).toHaveLength(MAX_CHUNK_HEADER_BYTES - 2);
    expect(decodeChunkHeader(quoted(MAX_CHUNK_HEADER_BYTES + 1))).toBeUndefined();
  });
});
