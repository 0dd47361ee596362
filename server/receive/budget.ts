import { type Clock, UploadError } from '../../contract/index.js';

/** Memory for chunk bodies, over all requests of a server. */
export interface Budget {
  /**
   * Reserves `bytes`, waiting for its turn. First come, first served; while several owners wait, none of them holds
   * more than half.
   * @returns gives the bytes back; idempotent
   * @throws UploadError SERVER_BUSY after `waitMs`; the signal's reason where it aborts first
   */
  take(owner: string, bytes: number, signal: AbortSignal): Promise<() => void>;
  /** Bytes reserved now. */
  readonly used: number;
}

interface Waiter {
  readonly owner: string;
  readonly bytes: number;
  readonly grant: () => void;
}

export function createBudget(deps: { capacityBytes: number; waitMs: number; clock: Clock }): Budget {
  const { capacityBytes, waitMs, clock } = deps;
  const usedBy = new Map<string, number>();
  let waiters: Waiter[] = [];
  let used = 0;

  function reserve(owner: string, bytes: number): void {
    used += bytes;
    usedBy.set(owner, (usedBy.get(owner) ?? 0) + bytes);
  }

  function giveBack(owner: string, bytes: number): void {
    used -= bytes;
    const left = (usedBy.get(owner) ?? 0) - bytes;
    if (left > 0) usedBy.set(owner, left);
    else usedBy.delete(owner);
    grantNext();
  }

  /** Over its half while somebody else waits: passed over, so that one busy owner cannot hold up the others. */
  function overShare(waiter: Waiter): boolean {
    const held = usedBy.get(waiter.owner) ?? 0;
    return (
      held > 0 &&
      held + waiter.bytes > capacityBytes / 2 &&
      waiters.some((other) => other.owner !== waiter.owner)
    );
  }

  function grantNext(): void {
    for (;;) {
      const next = waiters.find((waiter) => !overShare(waiter));
      // The first in turn waits for room; a smaller one behind it must not overtake it for ever.
      // A chunk larger than the budget, of a session that began under a larger one, goes alone.
      if (next === undefined || (used > 0 && used + next.bytes > capacityBytes)) return;
      waiters = waiters.filter((waiter) => waiter !== next);
      reserve(next.owner, next.bytes);
      next.grant();
    }
  }

  return {
    get used() {
      return used;
    },
    take: (owner, bytes, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        let held = true;
        const waiter: Waiter = {
          owner,
          bytes,
          grant() {
            leave();
            resolve(() => {
              if (held) giveBack(owner, bytes);
              held = false;
            });
          },
        };
        const leave = () => {
          cancelTimer();
          signal.removeEventListener('abort', onAbort);
          waiters = waiters.filter((other) => other !== waiter);
        };
        const giveUp = (reason: unknown) => {
          leave();
          reject(reason);
          grantNext();
        };
        const onAbort = () => giveUp(signal.reason);
        const cancelTimer = clock.after(waitMs, () =>
          giveUp(new UploadError('SERVER_BUSY', { retryAfterMs: waitMs })),
        );
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.push(waiter);
        grantNext();
      }),
  };
}
