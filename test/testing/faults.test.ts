import { describe, expect, test } from 'vitest';
import { SERVER_DEFAULTS } from '../../contract/index.js';
import { policy } from '../../server/index.js';
import type { Faults } from '../../testing/index.js';
import { createTestUploads } from '../../testing/index.js';
import { CHUNK, image } from './support/app.js';

const policies = { default: policy({ threshold: CHUNK, chunkSize: CHUNK }) };
const silent = { info() {}, warn() {}, error() {} };
const create = () => createTestUploads({ policies, log: silent });

/** Four chunks. */
const file = () => image(4 * CHUNK - 3);

describe('an upload survives', () => {
  const survived: [string, (faults: Faults) => unknown, object][] = [
    ['a damaged chunk', (faults) => faults.corrupt({ index: 2 }), { retries: 1 }],
    ['several', (faults) => faults.corrupt({ times: 4 }), { retries: 4 }],
    ['a lost request', (faults) => faults.drop(), { retries: 1 }],
    [
      'a connection that breaks in the middle of a body',
      (faults) => faults.drop({ at: 'body' }),
      { retries: 1 },
    ],
    ['a lost answer', (faults) => faults.drop({ at: 'answer' }), {}],
    ['a lost answer of init', (faults) => faults.drop({ call: 'init', at: 'answer' }), { retries: 1 }],
    ['a lost policy', (faults) => faults.drop({ call: 'policy' }), { retries: 1 }],
    ['a server that does not answer', (faults) => faults.stall({ at: 'answer', times: 4 }), {}],
    ['a request that gets stuck', (faults) => faults.stall({ call: 'init' }), { retries: 1 }],
    ['a body that gets stuck', (faults) => faults.stall({ at: 'body', index: 1 }), { retries: 1 }],
    ['a busy server', (faults) => faults.refuse('SERVER_BUSY', { times: 2 }), { retries: 2 }],
    ['a full disk', (faults) => faults.refuse('STORAGE_FULL', { index: 0 }), { retries: 1 }],
    ['a proxy that restarts', (faults) => faults.refuse(502, { times: 3 }), { retries: 3 }],
    [
      'all of it',
      (faults) => {
        faults.corrupt({ index: 0 });
        faults.drop({ index: 1 });
        faults.drop({ index: 1, at: 'answer' });
        faults.stall({ index: 2, at: 'body' });
        faults.refuse(503, { call: 'init' });
      },
      {},
    ],
  ];

  test.each(survived)('%s', async (_, order, expected) => {
    await using test = await create();
    order(test.faults);
    const result = await test.uploader().upload(file());
    expect(result).toMatchObject({ status: 'completed', ...expected });
    expect(test.faults.pending).toBe(0);
    const stored = Buffer.concat(await (await test.files.open(result.uploadId)).toArray());
    expect(stored.equals(Buffer.from(await file().arrayBuffer()))).toBe(true);
  });
});

describe('what happens', () => {
  test('a damaged chunk is refused by its hash, and nothing of it is kept', async () => {
    await using test = await createTestUploads({ policies, clock: 'manual' });
    const { struck } = test.faults.corrupt({ index: 1 });
    const task = test.uploader().add(file());
    await struck;
    await test.idle();
    expect(task.state).toMatchObject({ phase: 'uploading', chunks: 3, retries: 1 });
    const [upload] = (await test.client().list.query({})).items;
    expect(upload).toMatchObject({
      status: 'receiving',
      receivedChunks: 3,
      lastReceived: expect.any(Number),
    });
    await test.clock.advance(1_000);
    expect(await task.result).toMatchObject({ status: 'completed' });
  });

  test.each([
    ['request', [[0, 1]]],
    ['body', [[0, 1]]],
    ['answer', [[1, 1]]],
  ] as const)('a connection that breaks at the %s leaves missing: %j', async (at, missing) => {
    await using test = await createTestUploads({ policies, clock: 'manual' });
    const { struck } = test.faults.drop({ at, index: 0 });
    test.faults.stall({ index: 1, times: 99 });
    const task = test.uploader().add(image(2 * CHUNK));
    await struck;
    await test.idle();
    const view = await test.client().resume.query({ uploadId: task.state.uploadId ?? '' });
    expect(view).toMatchObject({ status: 'receiving', missing });
  });

  test('a body that gets stuck is given up by the server, by its rate', async () => {
    await using test = await create();
    const begun = test.clock.now();
    test.faults.stall({ at: 'body' });
    await test.uploader().upload(file());
    const waited = test.clock.now() - begun;
    expect(waited).toBeGreaterThanOrEqual(SERVER_DEFAULTS.bodyRateWindowMs);
    expect(waited).toBeLessThan(2 * SERVER_DEFAULTS.bodyRateWindowMs);
  });

  test('a refusal says when to come again, and the client waits for it', async () => {
    await using test = await create();
    test.faults.refuse('RATE_LIMITED', { retryAfterMs: 45_000 });
    test.faults.refuse(429, { call: 'init', retryAfterMs: 30_000 });
    await test.uploader().upload(file());
    expect(test.clock.now() - Date.UTC(2026, 0, 1)).toBeGreaterThanOrEqual(75_000);
  });

  test('what is not to be tried again fails the upload with its code', async () => {
    await using test = await create();
    test.faults.refuse('QUOTA_EXCEEDED', { call: 'init' });
    await expect(test.uploader().upload(file())).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      retryable: false,
    });
    test.faults.corrupt({ index: 1, times: 99 });
    await expect(test.uploader().upload(file())).rejects.toMatchObject({
      code: 'CHUNK_HASH_MISMATCH',
      index: 1,
    });
    expect(test.faults.pending).toBe(99 - 6);
    test.faults.clear();
    expect(test.faults.pending).toBe(0);
    expect(await test.uploader().upload(file())).toMatchObject({ status: 'completed', resumed: true });
  });

  test('a fault tells when it has happened, and how often', async () => {
    await using test = await create();
    const fault = test.faults.drop({ times: 3 });
    expect(fault.count).toBe(0);
    const upload = test.uploader().upload(file());
    await fault.struck;
    expect(fault.count).toBeGreaterThan(0);
    await upload;
    expect(fault.count).toBe(3);
  });

  test('a fault of a chunk that is not sent waits', async () => {
    await using test = await create();
    const fault = test.faults.corrupt({ index: 77 });
    await test.uploader().upload(file());
    expect([fault.count, test.faults.pending]).toEqual([0, 1]);
  });

  test('an empty file has no bytes that could be damaged', async () => {
    await using test = await create();
    test.faults.corrupt();
    expect(await test.uploader().upload(image(0))).toMatchObject({ status: 'completed', size: 0 });
    expect(test.faults.pending).toBe(1);
  });
});

test('orders that make no sense are refused', async () => {
  await using test = await create();
  const { faults } = test;
  expect(() => faults.corrupt({ times: 0 })).toThrow('"times" is a whole number of at least 1, not 0.');
  expect(() => faults.corrupt({ index: -1 })).toThrow('"index" is a whole number of at least 0, not -1.');
  expect(() => faults.drop({ call: 'init', index: 0 })).toThrow('Only chunks have an index');
  expect(() => faults.stall({ call: 'init', at: 'body' })).toThrow('"init" has none');
  expect(() => faults.refuse('SERVER_BUSY', { call: 'list' })).toThrow('refuse "list" by a status');
  expect(() => faults.refuse(200)).toThrow('from 400 to 599, not 200');
  expect(() => faults.refuse('NETWORK' as 'INTERNAL')).toThrow('A server does not refuse by "NETWORK".');
  expect(faults.pending).toBe(0);
});
