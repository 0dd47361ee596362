import {
  type ChunkHash,
  type ChunkRange,
  type ErrorCode,
  formatSize,
  type Progress,
  UploadError,
  type UploadView,
} from '../contract/for-clients.js';
import { type Engine, requestTimeoutMs } from './engine.js';
import { toUploadError } from './errors.js';
import { PAYLOAD_TOO_LARGE } from './foreign.js';
import { readWhole } from './hash.js';
import { assertUnchanged, type Job, notIdle } from './job.js';
import { ON_UPLOAD_PROGRESS } from './link.js';
import { persist } from './persist.js';
import { request } from './request.js';
import { isElsewhere } from './retry.js';
import type { Slot, SlotOutcome } from './schedule.js';
import type { Scope } from './scope.js';
import { checkProgress } from './trust.js';

/** Answers after which fewer chunks are sent at the same time. */
const SLOWER: ReadonlySet<ErrorCode> = new Set(['CHUNK_TIMEOUT', 'SERVER_BUSY', 'RATE_LIMITED']);

/** A chunk to send; `fresh`: the server does not hold it yet. */
export interface PendingChunk extends ChunkRange {
  readonly fresh: boolean;
}

/**
 * Sends one chunk until it is accepted. Sending it twice does no harm, so after a failure it is simply sent again,
 * whether or not the server got it.
 * @throws UploadError FILE_CHANGED where the file is not what it was; the server's error past the retry rules
 */
export function sendChunk(
  engine: Engine,
  job: Job,
  view: UploadView,
  chunk: PendingChunk,
  scope: Scope,
): Promise<Progress> {
  return persist(
    engine,
    job,
    scope,
    () => sendOnce(engine, job, view, chunk, scope),
    async (error) => {
      // `init` was answered, and the first chunk by a page: `uploadLink` has another address than the other links.
      if (!engine.chunks.accepted && isElsewhere(error)) throw error;
      if (error.code === 'CHUNK_HASH_MISMATCH' || error.code === 'CHUNK_CONFLICT')
        await compareAgain(engine, job, chunk, scope);
    },
  );
}

async function sendOnce(
  engine: Engine,
  job: Job,
  view: UploadView,
  chunk: PendingChunk,
  scope: Scope,
): Promise<Progress> {
  const { index, offset, size, fresh } = chunk;
  const slot = await takeSlot(engine, job, scope);
  let outcome: SlotOutcome = 'failed';
  let sent = 0;
  let tries = 0;
  try {
    await assertUnchanged(job);
    const data = await readWhole(job.source, chunk, scope.signal);
    const hash = job.hashes?.values[index] ?? (await hashNow(engine, job, index, data));
    const answer = await request(engine, job, requestTimeoutMs(size), scope, (signal) => {
      tries++;
      job.sentBytes += sent;
      sent = 0;
      return engine.client.chunk.mutate(
        { uploadId: view.uploadId, index, offset, size, total: view.total, hash, data: onlyBinary(data) },
        {
          signal,
          context: {
            [ON_UPLOAD_PROGRESS]: (bytes: number) => {
              sent = Math.min(bytes, size);
              job.report({ type: 'sent', index, bytes: sent, fresh });
            },
          },
        },
      );
    });
    checkProgress(answer);
    sent = size;
    outcome = 'accepted';
    engine.chunks.accepted = true;
    // Only now: after any other end of a request, its bytes may still be on their way.
    if (tries === 1) job.source.recycle?.(data);
    job.report({ type: 'accepted', index, size, fresh });
    return answer;
  } catch (cause) {
    const error = toUploadError(cause, { now: engine.clock.now() });
    if (SLOWER.has(error.code)) outcome = 'slow';
    job.report({ type: 'dropped', index });
    throw error.code === 'PROTOCOL' && error.data.received === PAYLOAD_TOO_LARGE
      ? tooLarge(error, chunk)
      : cause;
  } finally {
    job.sentBytes += sent;
    job.slotsHeld--;
    slot.release(outcome);
  }
}

/** Waits for a slot. While an upload has none at all, it waits for other uploads, which is not its own idleness. */
async function takeSlot(engine: Engine, job: Job, scope: Scope): Promise<Slot> {
  const { slotsHeld, slotsTaken } = job;
  const end = notIdle(job, engine.clock);
  const slot = await engine.scheduler.acquire(job.order, scope);
  if (slotsHeld === 0 && job.slotsTaken === slotsTaken) end();
  job.slotsHeld++;
  job.slotsTaken++;
  return slot;
}

/** In words that name the size, which the proxy's page does not. */
function tooLarge(error: UploadError, { index, size }: ChunkRange): UploadError {
  const message = `A chunk of ${formatSize(size)} does not get through. ${error.message}`;
  return new UploadError(error.code, { ...error.data, index, message, cause: error });
}

/**
 * The bytes, which refuse to become JSON, by themselves or by a transformer, which lists them: no link but `uploadLink`
 * sends them as they are, and one that stands before it would send a chunk as megabytes of text, again and again.
 */
function onlyBinary(data: Uint8Array | Blob): Uint8Array | Blob {
  // A view of its own, so that nothing is added to what belongs to the source.
  const bytes = data instanceof Blob ? data.slice() : data.subarray();
  const refuse = () => {
    throw new UploadError('INPUT_INVALID', {
      message: '`uploadLink` is missing, or stands after another link: put it first in `links`.',
    });
  };
  return Object.assign(bytes, { toJSON: refuse, [Symbol.iterator]: refuse });
}

/** 'during': the first hash of a chunk is the one that counts. */
async function hashNow(engine: Engine, job: Job, index: number, data: Uint8Array | Blob): Promise<ChunkHash> {
  const hash = await engine.hasher.hashBytes(data);
  // No hash from before vouches for these bytes: they are the file's only if it is still the same after reading.
  await assertUnchanged(job);
  if (job.hashes) job.hashes.values[index] ??= hash;
  return hash;
}

/** The server doubts the bytes: damaged on the way, or not the file's any more? */
async function compareAgain(engine: Engine, job: Job, chunk: ChunkRange, scope: Scope): Promise<void> {
  await assertUnchanged(job);
  const hash = await engine.hasher.hashBytes(await readWhole(job.source, chunk, scope.signal));
  const expected = job.hashes?.values[chunk.index];
  if (expected !== undefined && hash !== expected)
    throw new UploadError('FILE_CHANGED', { index: chunk.index, expected, received: hash });
}
