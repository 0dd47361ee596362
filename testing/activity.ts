import { TESTING_DEFAULTS } from '../contract/index.js';
import { turn } from './clock.js';

/** Something that is at work, until it leaves. */
export interface Visit {
  /** It only waits for this, and for the clock: meanwhile it is not at work. */
  away<Result>(waiting: Promise<Result>): Promise<Result>;
  /** Idempotent. */
  leave(): void;
}

/** Who is at work. */
export interface Activity {
  enter(): Visit;
  readonly busy: boolean;
  /** Resolves once nobody is at work, maybe only for a moment. */
  idle(): Promise<void>;
}

export function createActivity(): Activity {
  const present = new Set<Visit>();
  const waiting: (() => void)[] = [];

  function gone(visit: Visit): void {
    present.delete(visit);
    if (present.size > 0) return;
    for (const resolve of waiting.splice(0)) resolve();
  }

  return {
    enter() {
      let left = false;
      let absences = 0;
      const visit: Visit = {
        async away(work) {
          absences++;
          gone(visit);
          try {
            return await work;
          } finally {
            absences--;
            if (!left && absences === 0) present.add(visit);
          }
        },
        leave() {
          left = true;
          gone(visit);
        },
      };
      present.add(visit);
      return visit;
    },
    get busy() {
      return present.size > 0;
    },
    idle: () => (present.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** Resolves once none of them is at work and nothing new begins: what goes on without them takes a few turns only. */
export async function quiet(activities: readonly Activity[]): Promise<void> {
  for (let turns = 0; turns < TESTING_DEFAULTS.quietTurns; ) {
    const working = activities.find(({ busy }) => busy);
    if (working === undefined) {
      await turn();
      turns++;
    } else {
      await working.idle();
      turns = 0;
    }
  }
}
