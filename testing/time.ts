import { type Clock, TESTING_DEFAULTS } from '../contract/index.js';
import { type Activity, createActivity, quiet } from './activity.js';
import { createManualClock, type TestClock } from './clock.js';
import { createPace } from './pace.js';

/** The time of one test, and who is at work in it. */
export interface Time {
  readonly clock: TestClock;
  /** For uploaders: with `auto` it moves time by what they wait for. */
  readonly clientClock: Clock;
  /** The server's reads and writes. */
  readonly io: Activity;
  /** Requests, but for those that only wait for the clock. */
  readonly requests: Activity;
  /** Hooks of policies. */
  readonly hooks: Activity;
  /** Uploaders that read and hash. */
  readonly reading: Activity;
  /** Resolves when nothing is at work. */
  rest(): Promise<void>;
  /** Runs time on, whenever nothing is at work, until the promise settles. */
  until(work: Promise<void>): Promise<void>;
  stop(): void;
}

export function createTime({
  auto,
  startMs = TESTING_DEFAULTS.startMs,
}: {
  auto: boolean;
  startMs?: number;
}): Time {
  const io = createActivity();
  const requests = createActivity();
  const hooks = createActivity();
  const reading = createActivity();
  const rest = () => quiet([io, requests, hooks, reading]);
  // Not for the user's own code, which may itself wait for the clock.
  const clock = createManualClock({ startMs, settle: () => quiet([io, reading]) });
  const pace = createPace(clock, rest);
  return {
    ...{ clock, io, requests, hooks, reading, rest },
    clientClock: auto ? pace.clock : clock,
    async until(work) {
      let done = false;
      const end = work.finally(() => {
        done = true;
      });
      while (!done) {
        await Promise.race([end, rest()]);
        const at = clock.nextAt();
        if (at === null || done) break;
        await clock.advance(Math.max(0, at - clock.now()));
      }
      await end;
    },
    stop: pace.stop,
  };
}
