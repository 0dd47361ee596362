import type { Clock } from '../contract/index.js';
import type { Activity, Visit } from './activity.js';

/**
 * The life of one server process. After its end nothing that belonged to it reaches the disk, the database or the
 * clock any more: its calls never settle, as if the process had been killed between two of them.
 */
export interface Life {
  /** The same function while the process lives, counted as being at work. */
  guard<Args extends unknown[], Result>(
    activity: Activity,
    run: (...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<Result>;
  clock(clock: Clock): Clock;
  end(): void;
}

export function createLife(): Life {
  const visits = new Set<Visit>();
  const timers = new Set<() => void>();
  let ended = false;
  const never = () => new Promise<never>(() => {});

  return {
    guard:
      (activity, run) =>
      async (...args) => {
        if (ended) return never();
        const visit = activity.enter();
        visits.add(visit);
        try {
          const result = await run(...args);
          return ended ? await never() : result;
        } catch (error) {
          if (ended) return never();
          throw error;
        } finally {
          visits.delete(visit);
          visit.leave();
        }
      },
    clock: ({ now, monotonic, after: afterAll }) => ({
      now,
      monotonic,
      after(delayMs, run) {
        if (ended) return () => {};
        const end = () => {
          timers.delete(end);
          cancel();
        };
        const cancel = afterAll(delayMs, () => {
          timers.delete(end);
          run();
        });
        timers.add(end);
        return end;
      },
    }),
    end() {
      ended = true;
      for (const visit of visits) visit.leave();
      for (const cancel of [...timers]) cancel();
    },
  };
}
