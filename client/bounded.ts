import { type Clock, UploadError } from '../contract/for-clients.js';
import { isAbort } from './errors.js';
import { networkError } from './foreign.js';
import { orAbort, type Scope, within } from './scope.js';

/**
 * Runs one request that must not hang: past `timeoutMs` it is aborted and counts as a network failure. Rejects as
 * soon as the scope aborts, even where the request itself goes on (tRPC aborts a batch only with all of its calls).
 */
export function bounded<T>(
  clock: Clock,
  timeoutMs: number,
  parent: Scope,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = () =>
    new UploadError('NETWORK', { message: `The server did not answer within ${timeoutMs / 1000} s.` });
  return inTime(clock, timeoutMs, parent, late, (signal) =>
    run(signal).catch((cause) => {
      // Nobody here broke it off: it was a `fetch` with a time limit of its own.
      throw !signal.aborted && isAbort(cause) ? networkError(cause) : cause;
    }),
  );
}

/** Runs something in a scope of its own, which is aborted with `late()` when the time is over. */
export function inTime<T>(
  clock: Clock,
  limitMs: number,
  parent: Scope,
  late: () => UploadError,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return within(parent, async ({ signal, abort }) => {
    const cancel = clock.after(limitMs, () => abort(late()));
    try {
      signal.throwIfAborted();
      return await orAbort(run(signal), signal);
    } finally {
      cancel();
    }
  });
}
