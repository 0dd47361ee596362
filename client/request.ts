import { bounded } from './bounded.js';
import type { Engine } from './engine.js';
import { countRetry, type Job, notIdle } from './job.js';
import type { Scope } from './scope.js';

/**
 * One request of an upload: bounded in time, and made once more where the session had to be renewed for it.
 * @throws what `bounded` and `Renewal.run` throw
 */
export function request<T>(
  engine: Engine,
  job: Job,
  timeoutMs: number,
  scope: Scope,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return renewing(engine, job, scope, () => bounded(engine.clock, timeoutMs, scope, call));
}

/** The second half of it. What the renewal takes does not count against the upload's patience. */
export function renewing<T>(
  { clock, renewal }: Engine,
  job: Job,
  scope: Scope,
  call: () => Promise<T>,
): Promise<T> {
  return renewal.run(scope, call, {
    failuresBefore: job.failuresBefore,
    onAgain: (error) => countRetry(job, error),
    async around(waiting) {
      const end = notIdle(job, clock);
      await waiting();
      end();
    },
  });
}
