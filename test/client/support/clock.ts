import type { Clock, Randomness } from '../../../contract/index.js';

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves time on, running what falls due, in order. */
  advance(ms: number): void;
  /** Resolves with the delay of a timer that matches, now or once one is set. */
  timer(matches: (delayMs: number) => boolean): Promise<number>;
}

export function manualClock(): ManualClock {
  let time = 1_700_000_000_000;
  const start = time;
  const timers = new Set<{ at: number; delayMs: number; run: () => void }>();
  const watchers = new Set<() => void>();

  return {
    now: () => time,
    monotonic: () => time - start,
    after(delayMs, run) {
      const timer = { at: time + delayMs, delayMs, run };
      timers.add(timer);
      for (const watch of [...watchers]) watch();
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = time + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers.delete(due);
        time = Math.max(time, due.at);
        due.run();
      }
      time = end;
    },
    timer: (matches) =>
      new Promise((resolve) => {
        const look = () => {
          for (const { delayMs } of timers)
            if (matches(delayMs)) {
              watchers.delete(look);
              resolve(delayMs);
              return;
            }
        };
        watchers.add(look);
        look();
      }),
  };
}

/** The upper end of every jitter, so that delays can be foretold. */
export const fullJitter: Randomness = { next: () => 1 };
