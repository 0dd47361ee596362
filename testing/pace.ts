import type { Clock } from '../contract/index.js';
import type { ManualClock } from './clock.js';

/** Lets the waits of clients pass as soon as everything else has come to rest. */
export interface Pace {
  /** For clients. What they wait for on it moves time. */
  readonly clock: Clock;
  stop(): void;
}

/**
 * @param rest resolves when nothing is at work
 */
export function createPace(clock: ManualClock, rest: () => Promise<void>): Pace {
  const awaited = new Set<{ readonly at: number }>();
  let going = false;
  let stopped = false;

  async function go(): Promise<void> {
    if (going) return;
    going = true;
    try {
      while (awaited.size > 0 && !stopped) {
        await rest();
        const at = Math.min(...[...awaited].map((timer) => timer.at));
        if (awaited.size > 0 && !stopped) await clock.advance(Math.max(0, at - clock.now()));
      }
    } finally {
      going = false;
    }
  }

  return {
    clock: {
      now: clock.now,
      monotonic: clock.monotonic,
      after(delayMs, run) {
        const timer = { at: clock.now() + delayMs };
        awaited.add(timer);
        const cancel = clock.after(delayMs, () => {
          awaited.delete(timer);
          run();
        });
        void go();
        return () => {
          awaited.delete(timer);
          cancel();
        };
      },
    },
    stop() {
      stopped = true;
    },
  };
}
