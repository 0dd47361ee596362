import { UploadError } from '../contract/for-clients.js';
import { watchSleep } from './asleep.js';
import { type Engine, requestTimeoutMs } from './engine.js';
import { toUploadError } from './errors.js';
import { countRetry, type Job } from './job.js';
import { sleepUntilOnline, whenOnline } from './online.js';
import { request } from './request.js';
import { judge } from './retry.js';
import type { Scope } from './scope.js';

/**
 * Tries until it succeeds or the retry rules give up. A success is progress; so is coming online again, and waking:
 * time in which nothing could go on does not count against patience. Nor is a request that was lost while offline
 * one of the retries.
 * @param onFailure looks at a failure first and may throw a better one, which ends the trying
 * @throws UploadError, or the scope's reason when it aborts
 */
export async function persist<T>(
  engine: Engine,
  job: Job,
  scope: Scope,
  attempt: () => Promise<T>,
  onFailure?: (error: UploadError) => Promise<void>,
): Promise<T> {
  const { clock, connectivity } = engine;
  const touch = () => {
    job.lastProgressAt = clock.monotonic();
  };
  const sleeping = watchSleep(clock, touch);
  const { retries } = job;
  let counted = 0;
  try {
    for (let failures = 0; ; failures++) {
      if (await whenOnline(connectivity, scope)) touch();
      try {
        const value = await attempt();
        touch();
        if (job.retries > retries) job.report({ type: 'answered' });
        return value;
      } catch (cause) {
        scope.signal.throwIfAborted();
        const error = withUploadId(toUploadError(cause, { now: clock.now() }), job.uploadId);
        await onFailure?.(error);
        const lost = error.code === 'NETWORK';
        if (lost && !connectivity.isOnline()) {
          countRetry(job, error);
          continue;
        }
        sleeping.look();
        const idleMs = clock.monotonic() - job.lastProgressAt;
        const verdict = judge(
          error,
          job.begun ? 'transfer' : 'begin',
          { failures, counted, idleMs },
          engine.rules,
          engine.random,
        );
        if (!verdict.retry) throw error;
        if (verdict.counted) counted++;
        countRetry(job, error);
        const awaited = lost ? connectivity : undefined;
        if (await sleepUntilOnline(clock, verdict.afterMs, scope, awaited)) touch();
      }
    }
  } finally {
    sleeping.stop();
  }
}

/** The same for a call without a body. */
export function persistCall<T>(
  engine: Engine,
  job: Job,
  scope: Scope,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return persist(engine, job, scope, () => request(engine, job, requestTimeoutMs(0), scope, call));
}

function withUploadId(error: UploadError, uploadId: string | null): UploadError {
  if (uploadId === null || error.uploadId !== undefined) return error;
  return new UploadError(error.code, {
    ...error.data,
    message: error.message,
    uploadId,
    cause: error.cause ?? error,
  });
}
