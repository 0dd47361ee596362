import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, at, initialProgress, type ProgressEvent } from '../../client/progress.js';
import { UploadError } from '../../contract/index.js';

const SIZE = 1000;
const TOTAL = 10;
/** A session that holds so many chunks. */
const viewOf = (receivedChunks: number) => ({
  ...{ uploadId: 'u', total: TOTAL },
  ...{ receivedChunks, receivedBytes: receivedChunks * 100 },
});
const index = fc.nat(TOTAL - 1);
const event: fc.Arbitrary<ProgressEvent> = fc.oneof(
  fc
    .constantFrom('hashing' as const, 'uploading' as const, 'assembling' as const, 'paused' as const)
    .map((phase): ProgressEvent => ({ type: 'phase', phase })),
  fc.constant<ProgressEvent>({ type: 'hashPass' }),
  fc.nat(SIZE).map((bytes): ProgressEvent => ({ type: 'hashed', bytes })),
  fc.nat(TOTAL).map(
    (chunks): ProgressEvent => ({
      ...{ type: 'session', resumed: false },
      view: viewOf(chunks),
    }),
  ),
  fc
    .record({ index, bytes: fc.nat(100), fresh: fc.boolean() })
    .map((sent): ProgressEvent => ({ type: 'sent', ...sent })),
  fc
    .record({ index, fresh: fc.boolean() })
    .map((chunk): ProgressEvent => ({ type: 'accepted', size: 100, ...chunk })),
  index.map((index): ProgressEvent => ({ type: 'dropped', index })),
  fc.constant<ProgressEvent>({ type: 'retry', error: new UploadError('NETWORK') }),
);
const timed = fc.array(fc.tuple(event, fc.nat(3000)), { maxLength: 60 });

function run(events: readonly (readonly [ProgressEvent, number])[]) {
  let record = initialProgress('a', SIZE);
  let now = 0;
  const seen = [record];
  for (const [event, pause] of events) {
    now += pause;
    record = advance(record, event, now);
    seen.push(record);
  }
  return { record, seen, now };
}

describe('progress', () => {
  it('never goes back, whatever happens', () => {
    fc.assert(
      fc.property(timed, (events) => {
        const { seen } = run(events);
        for (const [i, { state }] of seen.entries()) {
          const before = seen[i - 1]?.state ?? state;
          for (const key of [
            'bytes',
            'chunks',
            'hashedBytes',
            'hashTotalBytes',
            'retries',
            'fraction',
          ] as const)
            expect(state[key]).toBeGreaterThanOrEqual(before[key]);
          expect(state.bytes).toBeLessThanOrEqual(SIZE);
          expect(state.chunks).toBeLessThanOrEqual(TOTAL);
          expect(state.hashedBytes).toBeLessThanOrEqual(state.hashTotalBytes);
        }
      }),
    );
  });

  it('says 100 % only when the upload is completed', () => {
    fc.assert(
      fc.property(timed, (events) => {
        const { record, seen, now } = run(events);
        for (const { state } of seen) expect(state.fraction).toBeLessThan(1);
        const done = advance(record, { type: 'completed', path: 'p' }, now).state;
        expect(done).toMatchObject({ phase: 'completed', fraction: 1, bytes: SIZE });
      }),
    );
  });

  it('speed and remaining time are positive numbers or unknown', () => {
    fc.assert(
      fc.property(timed, fc.nat(20_000), (events, later) => {
        const { record, now } = run(events);
        const { speed, etaMs } = at(record, now + later).state;
        expect(speed === null || (speed > 0 && Number.isFinite(speed))).toBe(true);
        expect(etaMs === null || (etaMs >= 0 && Number.isFinite(etaMs))).toBe(true);
      }),
    );
  });

  it('remembers a bounded number of samples', () => {
    let record = advance(initialProgress('a', 1e9), { type: 'phase', phase: 'uploading' }, 0);
    for (let i = 0; i < 5000; i++)
      record = advance(record, { type: 'sent', index: 0, bytes: i, fresh: true }, i * 3);
    expect(record.samples.length).toBeLessThan(120);
  });

  it('counts acknowledged bytes, and those on the way of chunks that the server lacks', () => {
    const { record } = run([
      [{ type: 'session', view: viewOf(3), resumed: true }, 0],
      [{ type: 'sent', index: 2, bytes: 80, fresh: false }, 0],
      [{ type: 'accepted', index: 2, size: 100, fresh: false }, 0],
      [{ type: 'sent', index: 3, bytes: 40, fresh: true }, 0],
      [{ type: 'accepted', index: 4, size: 100, fresh: true }, 0],
    ]);
    expect(record.state).toMatchObject({ bytes: 440, chunks: 4, resumed: true, fraction: 0.44 });
  });

  it('measures speed over the window, without what an earlier run sent', () => {
    const { record, now } = run([
      [{ type: 'phase', phase: 'uploading' }, 0],
      [{ type: 'session', view: viewOf(5), resumed: true }, 0],
      [{ type: 'accepted', index: 5, size: 100, fresh: true }, 1000],
      [{ type: 'accepted', index: 6, size: 100, fresh: true }, 1000],
    ]);
    expect(record.state).toMatchObject({ speed: 100, etaMs: 3000 });
    expect(at(record, now + 60_000).state).toMatchObject({ speed: null, etaMs: null });
  });

  it('tells a cancelled upload from a failed one', () => {
    const ended = (error: UploadError) =>
      advance(initialProgress('a', 1), { type: 'failed', error }, 0).state;
    expect(ended(new UploadError('CANCELLED')).phase).toBe('cancelled');
    expect(ended(new UploadError('NETWORK')).phase).toBe('failed');
  });
});
