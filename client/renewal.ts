import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import { type Clock, MAX_TIMER_MS, UploadError } from '../contract/for-clients.js';
import { inTime } from './bounded.js';
import { toUploadError } from './errors.js';
import type { Scope } from './scope.js';

/**
 * Renews an expired session: refreshes a token, or has the user sign in. The links ask for their `headers` again
 * afterwards. False, or an error, means that nobody is signed in any more.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing fits too
export type OnUnauthorized = () => Promise<boolean | void> | boolean | void;

export interface RenewalHooks {
  /** Told before a call is made once more. */
  onAgain?(refused: UploadError): void;
  /** Called with what waits for a renewal, to run it. */
  around?(waiting: () => Promise<void>): Promise<void>;
  /** `failures` when the caller's user asked for this work: a renewal that has failed since is not tried again for it. */
  failuresBefore?: number;
}

/** Renews the session for all calls of an uploader. */
export interface Renewal {
  /** Renewals that failed so far. */
  readonly failures: number;
  /**
   * Makes a call; where it answers 401, renews the session and makes it once more. Calls that are refused at the same
   * time share one renewal, and those that begin while it is on its way wait for it, and fail as it does.
   * @throws UploadError UNAUTHORIZED where the renewal fails or does not end in time; the scope's reason when it aborts;
   *   whatever the call throws otherwise, the second time also for a 401
   */
  run<T>(scope: Scope, call: () => Promise<T>, hooks?: RenewalHooks): Promise<T>;
}

/** @param patienceMs how long a renewal may take, at least CLIENT_DEFAULTS.stallMs */
export function createRenewal(
  onUnauthorized: OnUnauthorized | undefined,
  clock: Clock,
  patienceMs: number,
): Renewal {
  if (onUnauthorized === undefined) return { failures: 0, run: (_, call) => call() };
  const limitMs = Math.min(MAX_TIMER_MS, Math.max(patienceMs, CLIENT_DEFAULTS.stallMs));
  let latest: { readonly end: Promise<void>; readonly startedAt: number } | null = null;
  let succeeded = 0;
  let failures = 0;
  /** How the latest renewal failed; null where it did not. */
  let failure: UploadError | null = null;

  /** One that never ends is left alone past its time, so that the next 401 begins another. */
  function onItsWay() {
    return latest && clock.monotonic() - latest.startedAt < limitMs ? latest : null;
  }

  function begin(refused: UploadError) {
    const end = Promise.resolve()
      .then(onUnauthorized)
      .then(
        (answer) => (answer === false ? refused : null),
        (cause: unknown) => notRenewed('signing in again failed', cause),
      )
      .then((outcome) => {
        if (latest === own) latest = null;
        failure = outcome;
        if (outcome) {
          failures++;
          throw outcome;
        }
        succeeded++;
      });
    end.catch(() => {});
    const own = { end, startedAt: clock.monotonic() };
    latest = own;
    return own;
  }

  function until({ end, startedAt }: ReturnType<typeof begin>, scope: Scope): Promise<void> {
    const leftMs = Math.max(0, startedAt + limitMs - clock.monotonic());
    const late = () => notRenewed(`onUnauthorized did not end within ${limitMs / 1000} s`);
    return inTime(clock, leftMs, scope, late, () => end);
  }

  return {
    get failures() {
      return failures;
    },
    async run(scope, call, hooks = {}) {
      const around = hooks.around ?? ((waiting) => waiting());
      for (let renewed = false; ; ) {
        const another = onItsWay();
        if (another) await around(() => until(another, scope));
        const before = succeeded;
        try {
          return await call();
        } catch (cause) {
          scope.signal.throwIfAborted();
          const refused = toUploadError(cause);
          if (refused.code !== 'UNAUTHORIZED' || renewed) throw cause;
          // Renewed since this call went out: it goes again with the headers of now.
          if (succeeded !== before) {
            hooks.onAgain?.(refused);
            continue;
          }
          // The rest of a thousand files: the user is not asked again for each.
          if (failure && failures > (hooks.failuresBefore ?? failures)) throw failure;
          await around(() => until(onItsWay() ?? begin(refused), scope));
          renewed = true;
          hooks.onAgain?.(refused);
        }
      }
    },
  };
}

function notRenewed(why: string, cause?: unknown): UploadError {
  return new UploadError('UNAUTHORIZED', {
    message: `You are not signed in any more, and ${why}. Sign in; the upload goes on where it was.`,
    cause,
  });
}
