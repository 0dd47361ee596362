import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import type { UploadError, UploadView } from '../contract/for-clients.js';
import { type Samples, speedOf, withSample } from './speed.js';
import type { Phase, TaskState } from './types.js';

type SessionView = Pick<UploadView, 'uploadId' | 'total' | 'receivedBytes' | 'receivedChunks'>;

/** What happens to an upload, as far as its progress is concerned. Sizes are bytes. */
export type ProgressEvent =
  | { type: 'phase'; phase: Exclude<Phase, 'completed' | 'failed' | 'cancelled'> }
  /** Another pass over the file begins; its `hashed` events start at 0 (or where an earlier pass was broken off). */
  | { type: 'hashPass' }
  | { type: 'hashed'; bytes: number }
  /** What the server says it holds: at the beginning, after a pause, after a loss. */
  | { type: 'session'; view: SessionView; resumed: boolean }
  /** Bytes of a chunk that have left so far; `fresh`: the server does not hold that chunk yet. */
  | { type: 'sent'; index: number; bytes: number; fresh: boolean }
  | { type: 'accepted'; index: number; size: number; fresh: boolean }
  /** The request of that chunk ended without success. */
  | { type: 'dropped'; index: number }
  /** A request failed, and is sent again. */
  | { type: 'retry'; error: UploadError }
  /** It was answered after that. */
  | { type: 'answered' }
  | { type: 'completed'; path: string }
  | { type: 'failed'; error: UploadError };

/** All that progress remembers. Plain data; replaced, never changed. */
export interface ProgressRecord {
  readonly state: TaskState;
  /** Acknowledged, by the server's last word and what was accepted since. */
  readonly acknowledged: { readonly bytes: number; readonly chunks: number };
  /** Bytes of chunks on the way that the server does not hold yet. */
  readonly onTheWay: ReadonlyMap<number, number>;
  /** Bytes hashed in earlier passes. */
  readonly hashedBefore: number;
  readonly samples: Samples;
}

/** `fraction` stays below 1 until the upload is completed. */
const ALMOST = 0.999;

export function initialProgress(name: string, size: number): ProgressRecord {
  const state: TaskState = {
    phase: 'waiting',
    name,
    size,
    bytes: 0,
    fraction: 0,
    chunks: 0,
    total: null,
    hashedBytes: 0,
    hashTotalBytes: size,
    speed: null,
    etaMs: null,
    retries: 0,
    resumed: false,
    uploadId: null,
    path: null,
    retrying: null,
    error: null,
  };
  return {
    state: Object.freeze(state),
    acknowledged: { bytes: 0, chunks: 0 },
    onTheWay: new Map(),
    hashedBefore: 0,
    samples: [],
  };
}

/**
 * The record after an event. Pure. Bytes and chunks never go back: what was lost, or has to be sent again, is hidden
 * behind the highest value shown so far.
 * @param now monotonic milliseconds
 */
export function advance(record: ProgressRecord, event: ProgressEvent, now: number): ProgressRecord {
  const { state } = record;
  switch (event.type) {
    case 'phase':
      return settle({ ...record, samples: [] }, { phase: event.phase, retrying: null }, now);
    case 'hashPass': {
      const hashedBefore = state.hashedBytes;
      return settle({ ...record, hashedBefore }, { hashTotalBytes: hashedBefore + state.size }, now);
    }
    case 'hashed': {
      const hashedBytes = Math.min(state.hashTotalBytes, record.hashedBefore + event.bytes);
      return settle(record, { hashedBytes: Math.max(state.hashedBytes, hashedBytes) }, now);
    }
    case 'session': {
      const { uploadId, total, receivedBytes: bytes, receivedChunks: chunks } = event.view;
      // In place of a lost session came one that cuts the file otherwise: its chunks are others.
      const recut = state.total !== null && state.total !== total;
      const counted = recut ? { ...state, chunks: 0 } : state;
      return settle(
        {
          ...record,
          state: counted,
          acknowledged: { bytes, chunks },
          onTheWay: new Map(),
          samples: [],
        },
        {
          uploadId,
          total,
          resumed: state.resumed || event.resumed,
          retrying: null,
        },
        now,
      );
    }
    case 'sent':
      return event.fresh ? settle(withOnTheWay(record, event.index, event.bytes), {}, now) : record;
    case 'dropped':
      return settle(withOnTheWay(record, event.index, null), {}, now);
    case 'accepted': {
      const rest = withOnTheWay(record, event.index, null);
      const change = { retrying: null };
      if (!event.fresh) return settle(rest, change, now);
      const { bytes, chunks } = record.acknowledged;
      return settle(
        { ...rest, acknowledged: { bytes: bytes + event.size, chunks: chunks + 1 } },
        change,
        now,
      );
    }
    case 'retry':
      return settle(record, { retries: state.retries + 1, retrying: event.error }, now);
    case 'answered':
      return settle(record, { retrying: null }, now);
    case 'completed': {
      const all = { bytes: state.size, chunks: state.total ?? state.chunks };
      return settle(
        { ...record, acknowledged: all, onTheWay: new Map() },
        { phase: 'completed', path: event.path, retrying: null },
        now,
      );
    }
    case 'failed': {
      const phase = event.error.code === 'CANCELLED' ? 'cancelled' : 'failed';
      return settle({ ...record, onTheWay: new Map() }, { phase, error: event.error, retrying: null }, now);
    }
  }
}

/** The record as it looks at `now`: only speed and ETA depend on it. */
export function at(record: ProgressRecord, now: number): ProgressRecord {
  return settle(record, {}, now);
}

function withOnTheWay(record: ProgressRecord, index: number, bytes: number | null): ProgressRecord {
  const onTheWay = new Map(record.onTheWay);
  if (bytes === null) onTheWay.delete(index);
  else onTheWay.set(index, bytes);
  return { ...record, onTheWay };
}

function settle(record: ProgressRecord, change: Partial<TaskState>, now: number): ProgressRecord {
  const before = record.state;
  const state = { ...before, ...change };
  const { acknowledged } = record;
  let moving = acknowledged.bytes;
  for (const bytes of record.onTheWay.values()) moving += bytes;
  const whole = acknowledged.bytes >= state.size;
  const bytes = Math.max(before.bytes, Math.min(moving, whole ? state.size : state.size - 1));
  const chunks = Math.max(before.chunks, Math.min(acknowledged.chunks, state.total ?? acknowledged.chunks));
  const done = state.phase === 'completed';
  const fraction = done ? 1 : Math.min(ALMOST, bytes / (state.size || 1));

  const hashing = state.phase === 'hashing';
  const measured = hashing ? state.hashedBytes : moving;
  const left = hashing ? state.hashTotalBytes - state.hashedBytes : state.size - bytes;
  const running = hashing || state.phase === 'uploading';
  const lastSample = record.samples.at(-1);
  // A chunk that has to be sent again lowers `moving`; the speed starts anew then.
  const base = lastSample && measured < lastSample.bytes ? [] : record.samples;
  const samples = running ? withSample(base, now, measured, CLIENT_DEFAULTS.speedWindowMs) : [];
  const speed = running ? speedOf(samples, now, CLIENT_DEFAULTS.speedWindowMs) : null;
  const etaMs = speed === null ? null : Math.round((left * 1000) / speed);
  return { ...record, samples, state: Object.freeze({ ...state, bytes, fraction, chunks, speed, etaMs }) };
}
