import { setImmediate } from 'node:timers';
import { type Clock, TESTING_DEFAULTS } from '../contract/index.js';

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  /**
   * Moves time on by `ms`, running what falls due in the order of its time; between two steps the server's reads and
   * writes come to their end. Spans of more than an hour go in about 100 steps, so that timers may run late.
   * @throws RangeError unless `ms` is a number of at least 0
   */
  advance(ms: number): Promise<void>;
}

/** The same, for who drives it. */
export interface ManualClock extends TestClock {
  /** Timers that are set. */
  readonly pending: number;
  /** When the next timer is due, as `now` counts; null without one. */
  nextAt(): number | null;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** One turn of the event loop. Taken from the module: what a test framework puts in its place would stand still. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** @param settle lets go on what the last timer began */
export function createManualClock({
  startMs = TESTING_DEFAULTS.startMs,
  settle = turn,
}: {
  startMs?: number;
  settle?: () => Promise<void>;
} = {}): ManualClock {
  const { exactAdvanceMs, advanceSteps } = TESTING_DEFAULTS;
  const timers = new Set<Timer>();
  let now = startMs;
  let moving = Promise.resolve();

  function earliest(): Timer | null {
    let found: Timer | null = null;
    for (const timer of timers) if (found === null || timer.at < found.at) found = timer;
    return found;
  }

  function fire(timer: Timer): void {
    if (timers.delete(timer)) timer.run();
  }

  async function move(ms: number): Promise<void> {
    const end = now + ms;
    const stepMs = ms > exactAdvanceMs ? Math.ceil(ms / advanceSteps) : 0;
    await settle();
    for (let next = earliest(); next !== null && next.at <= end; next = earliest()) {
      now = Math.max(now, Math.min(end, next.at + stepMs));
      fire(next);
      await settle();
    }
    now = Math.max(now, end);
    await settle();
  }

  return {
    now: () => now,
    monotonic: () => now - startMs,
    after(delayMs, run) {
      const timer = { at: now + Math.max(0, delayMs), run };
      timers.add(timer);
      // Due already: nobody has to move the clock for it.
      if (delayMs <= 0) setImmediate(() => fire(timer));
      return () => {
        timers.delete(timer);
      };
    },
    async advance(ms) {
      if (typeof ms !== 'number' || !(ms >= 0) || ms === Number.POSITIVE_INFINITY)
        throw new RangeError(`The clock moves on by milliseconds from 0, not by ${String(ms)}.`);
      // One after the other: two movers would each run half of the timers.
      const moved = moving.then(() => move(ms));
      moving = moved.catch(() => {});
      await moved;
    },
    get pending() {
      return timers.size;
    },
    nextAt: () => earliest()?.at ?? null,
  };
}
