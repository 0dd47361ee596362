import { UploadError } from '../contract/index.js';

export interface Turns {
  /**
   * Waits for a turn, first come first served.
   * @throws UploadError SERVER_BUSY where too many wait or after `close`; the signal's reason where it aborts in time
   */
  take(signal?: AbortSignal): Promise<void>;
  giveBack(): void;
  /** Refuses whoever waits or comes later; resolves when all turns are back. */
  close(): Promise<void>;
}

/** @param places turns taken at one time @param waitingLimit callers that may wait */
export function createTurns(places: number, waitingLimit: number): Turns {
  // Sets keep the order of insertion, and lose a member in the middle without a search.
  const waiting = new Set<{ begin(): void; refuse(): void }>();
  let free = places;
  let closed = false;
  let allBack: (() => void) | undefined;

  const busy = () => new UploadError('SERVER_BUSY');

  return {
    async take(signal) {
      signal?.throwIfAborted();
      if (closed) throw busy();
      if (free > 0) {
        free--;
        return;
      }
      if (waiting.size >= waitingLimit) throw busy();
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.delete(caller);
          signal?.removeEventListener('abort', onAbort);
        };
        const onAbort = () => {
          leave();
          reject(signal?.reason);
        };
        const caller = {
          begin() {
            leave();
            resolve();
          },
          refuse() {
            leave();
            reject(busy());
          },
        };
        waiting.add(caller);
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },

    giveBack() {
      // The turn goes straight to the next caller, so that nobody who comes in between overtakes.
      for (const next of waiting) return next.begin();
      free++;
      if (free === places) allBack?.();
    },

    async close() {
      closed = true;
      for (const caller of waiting) caller.refuse();
      if (free < places)
        await new Promise<void>((resolve) => {
          const before = allBack;
          allBack = () => {
            before?.();
            resolve();
          };
        });
    },
  };
}
