import type { Clock } from '../../contract/index.js';

/** A function of the user's took longer than it may. */
export class LateError extends Error {}

export interface LimitedDeps {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Runs a function of the user's: it is told by its signal when its time is up, or when `outer` aborts, and is not
 * waited for any longer.
 */
export type Limited = <Result>(
  run: (signal: AbortSignal) => Result | Promise<Result>,
  outer?: AbortSignal,
) => Promise<Result>;

export function createLimited({ clock, timeoutMs }: LimitedDeps): Limited {
  return (run, outer) => {
    if (outer?.aborted) return Promise.reject(outer.reason);
    const controller = new AbortController();
    return new Promise((resolve, reject) => {
      const stop = (reason: unknown) => {
        end();
        controller.abort(reason);
        reject(reason);
      };
      const onAbort = () => stop(outer?.reason);
      const cancel = clock.after(timeoutMs, () =>
        stop(new LateError(`it did not answer within ${timeoutMs} ms`)),
      );
      const end = () => {
        cancel();
        outer?.removeEventListener('abort', onAbort);
      };
      outer?.addEventListener('abort', onAbort, { once: true });
      Promise.resolve()
        .then(() => run(controller.signal))
        .then(resolve, reject)
        .finally(end);
    });
  };
}
