import { describe, expect, test, vi } from 'vitest';
import { createUploader } from '../../client/index.js';
import { SERVER_DEFAULTS } from '../../contract/index.js';
import { policy } from '../../server/index.js';
import { createTestUploads } from '../../testing/index.js';
import { CHUNK, image } from './support/app.js';

const { idleExpiryMs, maxLifetimeMs, hookTimeoutMs, hookBackoffMs } = SERVER_DEFAULTS;
const cut = { threshold: CHUNK, chunkSize: CHUNK };
const policies = { default: policy(cut) };
const silent = { info() {}, warn() {}, error() {} };

/** An upload that lacks its last chunk. */
async function interrupted(test: Awaited<ReturnType<typeof createTestUploads>>) {
  const { struck } = test.faults.stall({ index: 2, times: 99 });
  const task = test.uploader().add(image(3 * CHUNK));
  await struck;
  await test.idle();
  await task.cancel();
  test.faults.clear();
  return task.state.uploadId ?? '';
}

test('the clock begins where it is told to, and stands still', async () => {
  const startAt = new Date('2026-05-01T10:00:00Z');
  await using test = await createTestUploads({ policies, startAt });
  const { uploadId } = await test.uploader().upload(image(10));
  const view = await test.client().resume.query({ uploadId });
  expect([view.createdAt, test.clock.now()]).toEqual([startAt.getTime(), startAt.getTime()]);
  await test.clock.advance(1234);
  expect(test.clock.now()).toBe(startAt.getTime() + 1234);
});

test('an interrupted upload expires after a day, and its bytes go', async () => {
  await using test = await createTestUploads({ policies, clock: 'manual' });
  const uploadId = await interrupted(test);
  const status = async () =>
    (await test.client().list.query({})).items.find((one) => one.uploadId === uploadId)?.status;
  await test.clock.advance(idleExpiryMs - 120_000);
  expect(await status()).toBe('receiving');
  await test.clock.advance(300_000);
  expect(await status()).toBe('expired');
  await test.idle();
  expect(await test.uploads.sweep()).toMatchObject({ orphans: 0 });
  await test.clock.advance(2 * maxLifetimeMs);
  expect(await status()).toBeUndefined();
});

test('uploads are listed newest first, also those of one moment', async () => {
  await using test = await createTestUploads({ policies });
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) ids.push((await test.uploader().upload(image(10, name))).uploadId);
  const { items } = await test.client().list.query({});
  expect(items.map(({ uploadId }) => uploadId)).toEqual(ids.reverse());
});

describe('clock: manual', () => {
  test('an upload waits for the clock, and goes on by it', async () => {
    await using test = await createTestUploads({ policies, clock: 'manual' });
    test.faults.refuse('RATE_LIMITED', { retryAfterMs: 60_000, times: 4 });
    const task = test.uploader().add(image(4 * CHUNK));
    await test.idle();
    await test.clock.advance(59_000);
    await test.idle();
    expect(task.state).toMatchObject({ phase: 'uploading', chunks: 0, retries: 4 });
    await test.clock.advance(1_000);
    expect(await task.result).toMatchObject({ status: 'completed', retries: 4, durationMs: 60_000 });
  });
});

test('timers that a test framework has taken over do not matter', async () => {
  vi.useFakeTimers();
  try {
    await using test = await createTestUploads({ policies });
    test.faults.drop({ times: 2 });
    test.faults.stall({ call: 'init' });
    expect(await test.uploader().upload(image(2 * CHUNK))).toMatchObject({ status: 'completed', retries: 3 });
  } finally {
    vi.useRealTimers();
  }
});

test('an uploader of the app goes by the clock with the options for it', async () => {
  await using test = await createTestUploads({ policies });
  test.faults.refuse('SERVER_BUSY', { retryAfterMs: 300_000 });
  await using uploader = createUploader(test.client('ann'), test.uploaderOptions);
  const began = test.clock.now();
  await uploader.upload(image(10));
  expect(test.clock.now() - began).toBeGreaterThanOrEqual(300_000);
});

describe('hooks', () => {
  test('one that throws is tried again when it is due, and has written once in the end', async () => {
    const rows = new Map<string, string>();
    let calls = 0;
    const completed = ({ uploadId }: { uploadId: string }) => {
      calls++;
      rows.set(uploadId, 'written');
      if (calls < 3) throw new Error('the database is down');
      return { calls };
    };
    await using test = await createTestUploads({
      policies: { docs: policy({ ...cut, completed }) },
      log: silent,
    });
    const { uploadId, data } = await test.uploader().upload(image(10), { policy: 'docs' });
    expect([data, calls]).toEqual([undefined, 1]);
    await test.clock.advance(hookBackoffMs - 1);
    await test.idle();
    expect(calls).toBe(1);
    await test.clock.advance(1 + 2 * hookBackoffMs);
    await test.idle();
    expect([calls, rows.size]).toEqual([3, 1]);
    expect(await test.client().resume.query({ uploadId })).toMatchObject({ data: { calls: 3 } });
  });

  test('one that never answers is given up by the clock', async () => {
    let begun = () => {};
    const called = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let reason: unknown;
    let calls = 0;
    const beforePublish = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<boolean>((resolve) => {
        if (++calls > 1) return resolve(true);
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
        begun();
      });
    await using test = await createTestUploads({
      policies: { docs: policy({ ...cut, beforePublish }) },
      log: silent,
    });
    const task = test.uploader().add(image(10), { policy: 'docs' });
    await called;
    await test.clock.advance(hookTimeoutMs);
    expect(String(reason)).toContain('did not answer within');
    expect(await task.result).toMatchObject({ status: 'completed' });
    expect(calls).toBe(2);
  });

  test('an upload whose scanner is down for a while completes by itself', async () => {
    let calls = 0;
    const beforePublish = () => {
      calls++;
      if (calls < 5) throw new Error('the scanner is down');
      return true;
    };
    await using test = await createTestUploads({
      policies: { docs: policy({ ...cut, beforePublish }) },
      log: silent,
    });
    const began = test.clock.now();
    expect(await test.uploader().upload(image(10), { policy: 'docs' })).toMatchObject({
      status: 'completed',
    });
    expect(calls).toBe(5);
    expect(test.clock.now() - began).toBeGreaterThanOrEqual(15_000);
  });

  test('`idle` waits for a hook that takes its time', async () => {
    let release = () => {};
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    let ended = false;
    const completed = async () => {
      await opened;
      ended = true;
    };
    await using test = await createTestUploads({ policies: { docs: policy({ ...cut, completed }) } });
    const upload = test.uploader().upload(image(10), { policy: 'docs' });
    setImmediate(release);
    await test.idle();
    expect(ended).toBe(true);
    await upload;
  });
});
