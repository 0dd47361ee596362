import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { MAX_CHUNKS, MAX_LIST_LIMIT, MAX_NAME_BYTES, MAX_WATCH_IDS, STATUSES } from '../../contract/index.js';
import * as schemas from '../../contract/schemas.js';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const HASH = 'ab'.repeat(32);
const FILE_HASH = `${HASH}-1`;

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

const init = { name: 'a.bin', size: 10, chunkSize: 10, hash: FILE_HASH };
const chunk = { uploadId: ID, index: 0, offset: 0, size: 10, total: 1, hash: HASH };
const byContent = { hash: FILE_HASH, size: 1, chunkSize: 1 };

interface Case {
  name: string;
  schema: z.ZodType;
  /** An input that is accepted. */
  right: Record<string, unknown>;
}
const INPUTS: Case[] = [
  { name: 'policy', schema: schemas.policyInput, right: { policy: 'default', size: 5 } },
  { name: 'init', schema: schemas.initInput, right: { ...init, lastModified: 1 } },
  { name: 'chunk', schema: schemas.chunkFields, right: chunk },
  { name: 'resume by id', schema: schemas.resumeInput, right: { uploadId: ID } },
  { name: 'resume by content', schema: schemas.resumeInput, right: byContent },
  { name: 'abort', schema: schemas.abortInput, right: { uploadId: ID } },
  { name: 'list', schema: schemas.listInput, right: { cursor: 'x', limit: 1, status: 'failed' } },
  { name: 'watch', schema: schemas.watchInput, right: { uploadIds: [ID], lastEventId: 'x' } },
];

describe.each(INPUTS)('the input of $name', ({ schema, right }) => {
  test('accepts what is right, unchanged', () => {
    expect(schema.parse(right)).toEqual(right);
  });

  test('refuses an unknown field', () => {
    for (const extra of ['extra', 'owner', 'path', 'toString'])
      expect(accepts(schema, { ...right, [extra]: 1 }), extra).toBe(false);
  });

  test('refuses what is no object', () => {
    for (const value of [null, 'x', 1, true, [], [right]]) expect(accepts(schema, value)).toBe(false);
  });

  test('refuses every field in a type that it does not have', () => {
    for (const field of Object.keys(right))
      for (const value of [{ $gt: 0 }, Symbol('x'), 1n, () => 1, true])
        expect(accepts(schema, { ...right, [field]: value }), field).toBe(false);
  });
});

const NUMBERS: [name: string, schema: z.ZodType, right: object, field: string, least: number][] = [
  ['policy', schemas.policyInput, {}, 'size', 0],
  ['init', schemas.initInput, init, 'size', 0],
  ['init', schemas.initInput, init, 'chunkSize', 1],
  ['init', schemas.initInput, init, 'lastModified', 0],
  ['chunk', schemas.chunkFields, chunk, 'index', 0],
  ['chunk', schemas.chunkFields, chunk, 'offset', 0],
  ['chunk', schemas.chunkFields, chunk, 'size', 0],
  ['chunk', schemas.chunkFields, chunk, 'total', 1],
  ['resume', schemas.resumeInput, byContent, 'size', 0],
  ['resume', schemas.resumeInput, byContent, 'chunkSize', 1],
  ['list', schemas.listInput, {}, 'limit', 1],
];

test.each(NUMBERS)('%s: %4$s', (_, schema, right, field, least) => {
  const given = (value: unknown) => accepts(schema, { ...right, [field]: value });
  expect(given(least)).toBe(true);
  expect(given(least - 1)).toBe(false);
  for (const value of [
    Number.NaN,
    Infinity,
    -Infinity,
    -1,
    0.5,
    2 ** 53,
    -(2 ** 53),
    '1',
    '',
    null,
    [1],
    '0x1',
  ])
    expect(given(value), String(value)).toBe(false);
});

test('numbers have their upper limits', () => {
  const chunkWith = (change: object) => accepts(schemas.chunkFields, { ...chunk, ...change });
  expect(chunkWith({ index: MAX_CHUNKS - 1, total: MAX_CHUNKS })).toBe(true);
  expect(chunkWith({ index: MAX_CHUNKS, total: MAX_CHUNKS })).toBe(false);
  expect(chunkWith({ total: MAX_CHUNKS + 1 })).toBe(false);
  expect(chunkWith({ offset: Number.MAX_SAFE_INTEGER })).toBe(true);
  expect(accepts(schemas.listInput, { limit: MAX_LIST_LIMIT })).toBe(true);
  expect(accepts(schemas.listInput, { limit: MAX_LIST_LIMIT + 1 })).toBe(false);
  expect(accepts(schemas.listInput, { status: [...STATUSES] })).toBe(true);
  for (const wrong of [[], [...STATUSES, 'failed'], ['done'], 'done'])
    expect(accepts(schemas.listInput, { status: wrong })).toBe(false);
  expect(accepts(schemas.watchInput, { uploadIds: Array(MAX_WATCH_IDS).fill(ID) })).toBe(true);
  expect(accepts(schemas.watchInput, { uploadIds: Array(MAX_WATCH_IDS + 1).fill(ID) })).toBe(false);
});

test('upload ids have one spelling', () => {
  for (const right of [ID, '7ZZZZZZZZZZZZZZZZZZZZZZZZZ', '0'.repeat(26)])
    expect(accepts(schemas.uploadId, right), right).toBe(true);
  const wrong = [ID.toLowerCase(), `8${ID.slice(1)}`, ID.slice(1), `${ID}0`, `${ID}\n`, ` ${ID}`, ''];
  wrong.push(ID.replace('A', 'I'), ID.replace('A', 'L'), ID.replace('A', 'O'), ID.replace('A', 'U'));
  wrong.push(`../${ID.slice(3)}`, ID.replace('A', '/'), ID.replace('A', '\0'));
  for (const id of wrong) expect(accepts(schemas.uploadId, id), JSON.stringify(id)).toBe(false);
});

test('hashes have one spelling', () => {
  expect(accepts(schemas.chunkHash, HASH)).toBe(true);
  for (const wrong of [HASH.toUpperCase(), HASH.slice(1), `${HASH}0`, FILE_HASH, `${HASH}\n`, ''])
    expect(accepts(schemas.chunkHash, wrong), wrong).toBe(false);
  expect(accepts(schemas.fileHash, FILE_HASH)).toBe(true);
  for (const wrong of [
    HASH,
    `${HASH}-0`,
    `${HASH}-01`,
    `${HASH.toUpperCase()}-1`,
    `${HASH}-1.5`,
    `${HASH}-1\n`,
  ])
    expect(accepts(schemas.fileHash, wrong), wrong).toBe(false);
  expect(accepts(schemas.initInput, { ...init, hash: null })).toBe(true);
  expect(accepts(schemas.initInput, { name: 'a', size: 1, chunkSize: 1 })).toBe(false);
});

describe('names are text', () => {
  const named = (name: string) => accepts(schemas.initInput, { ...init, name });

  test('of up to 4,096 bytes of UTF-8, not of 4,096 characters', () => {
    for (const letter of ['a', 'é', '語', '😀']) {
      const fitting = letter.repeat(MAX_NAME_BYTES / Buffer.byteLength(letter));
      const padded = fitting + 'a'.repeat(MAX_NAME_BYTES - Buffer.byteLength(fitting));
      expect(Buffer.byteLength(padded)).toBe(4096);
      expect(named(padded), letter).toBe(true);
      expect(named(`${padded}a`), letter).toBe(false);
      expect(accepts(schemas.initInput, { ...init, relativePath: padded })).toBe(true);
      expect(accepts(schemas.initInput, { ...init, relativePath: `${padded}a` })).toBe(false);
    }
  });

  test('of any kind but empty', () => {
    for (const name of [
      '..',
      '../../etc/passwd',
      '/abs',
      'a\0b',
      'CON',
      '\u202egpj.exe',
      '\ud800',
      ' ',
      'a\nb',
      '\\',
    ])
      expect(named(name), JSON.stringify(name)).toBe(true);
    expect(named('')).toBe(false);
  });
});

describe('metadata', () => {
  const withMetadata = (metadata: unknown) => schemas.initInput.safeParse({ ...init, metadata });

  test('is an object of JSON values', () => {
    expect(withMetadata({ a: [1, null, { b: 'c' }], d: true }).success).toBe(true);
    for (const wrong of [null, [], 'x', 1, { a: undefined }, { a: 1n }, { a: Number.NaN }, { a: () => 1 }])
      expect(withMetadata(wrong).success).toBe(false);
  });

  test('cannot reach a prototype', () => {
    const parsed = withMetadata(
      JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}'),
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(parsed.data?.metadata).not.toHaveProperty('polluted');
  });
});

describe('the view of an upload', () => {
  const view = {
    uploadId: ID,
    policy: 'default',
    name: 'a.bin',
    relativePath: null,
    type: null,
    size: 10,
    mode: 'single',
    chunkSize: 10,
    total: 1,
    receivedChunks: 1,
    receivedBytes: 10,
    lastReceived: 0,
    createdAt: 1,
    expiresAt: null,
    hash: FILE_HASH,
  };
  const error = { code: 'INTERNAL', retryable: false, message: 'x' };

  test.each<[string, object]>([
    ['completed with its path', { status: 'completed', path: 'files/x/a.bin' }],
    [
      'completed with the result of the hook',
      { status: 'completed', path: 'files/x/a.bin', data: { id: 1 } },
    ],
    ['failed with its error', { status: 'failed', error }],
    [
      'receiving with what is missing',
      { status: 'receiving', hash: null, missing: [[0, 0]], missingMore: false },
    ],
    ['completed with a hook that is due', { status: 'completed', path: 'x', hookPending: true }],
    ['gone as it was completed', { status: 'gone', path: 'x', data: [1], hookPending: true }],
  ])('%s is accepted', (_, change) => {
    expect(accepts(schemas.uploadView, { ...view, ...change })).toBe(true);
  });

  test.each<[string, object]>([
    ['completed without a path', { status: 'completed' }],
    ['completed without a hash', { status: 'completed', path: 'x', hash: null }],
    ['gone without a path', { status: 'gone' }],
    ['gone without a hash', { status: 'gone', path: 'x', hash: null }],
    ['completed with a reason of its hook', { status: 'completed', path: 'x', hookError: 'x' }],
    ['receiving with a path', { status: 'receiving', path: 'x' }],
    ['failed without an error', { status: 'failed' }],
    ['failed with an unknown code', { status: 'failed', error: { ...error, code: 'ENOENT' } }],
    ['receiving with an error', { status: 'receiving', error }],
    ['in no status', { status: 'done' }],
  ])('%s is refused', (_, change) => {
    expect(accepts(schemas.uploadView, { ...view, ...change })).toBe(false);
  });
});
