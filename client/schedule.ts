import { orAborted } from '../contract/for-clients.js';
import type { Connectivity } from './online.js';
import type { Scope } from './scope.js';

/** 'slow': the server asked for less at the same time (CHUNK_TIMEOUT, SERVER_BUSY, RATE_LIMITED). */
export type SlotOutcome = 'accepted' | 'slow' | 'failed';

export interface Slot {
  /** Gives the slot back. Call it once. */
  release(outcome: SlotOutcome): void;
}

/** The right to have a chunk request in flight, over all uploads of an uploader. */
export interface Scheduler {
  /**
   * Waits for a slot. Lower `order` goes first, so that files finish one after the other: a user has the first of a
   * thousand files soon, and a broken connection leaves few half-sent. Within an upload, first come first served.
   * @throws the scope's reason when it aborts
   */
  acquire(order: number, scope: Scope): Promise<Slot>;
  close(): void;
}

interface Waiter {
  readonly order: number;
  grant(): void;
}

/**
 * Halves the number of slots when a server is slow, once per round (a request that started before the last halving
 * says nothing about the new number), and adds one after about as many successes as there are slots.
 * Gives out nothing while offline.
 */
export function createScheduler(concurrency: number, connectivity: Connectivity): Scheduler {
  const waiters: Waiter[] = [];
  let allowed = concurrency;
  let inFlight = 0;
  let round = 0;

  /** Slots there are at the moment: at most `concurrency`, fewer while the server is slow. */
  const limit = () => Math.floor(allowed);
  const pump = () => {
    while (inFlight < limit() && connectivity.isOnline()) {
      const [waiter] = waiters;
      if (!waiter) return;
      inFlight++;
      waiter.grant();
    }
  };
  const stopListening = connectivity.onChange(pump);

  function takeSlot(): Slot {
    const startedIn = round;
    return {
      release(outcome) {
        inFlight--;
        if (outcome === 'accepted') allowed = Math.min(concurrency, allowed + 1 / limit());
        if (outcome === 'slow' && startedIn === round) {
          allowed = Math.max(1, Math.floor(allowed / 2));
          round++;
        }
        pump();
      },
    };
  }

  return {
    acquire(order, { signal }) {
      const slot = orAborted<Slot>(signal, (resolve) => {
        const waiter: Waiter = { order, grant: () => resolve(takeSlot()) };
        waiters.splice(waiters.findLastIndex((other) => other.order <= order) + 1, 0, waiter);
        return () => waiters.splice(waiters.indexOf(waiter), 1);
      });
      pump();
      return slot;
    },
    close: stopListening,
  };
}
