import { orAborted } from './abort.js';

/** Time, injected wherever it matters, so that tests run without waiting and replay from a seed. */
export interface Clock {
  /** Milliseconds since 1970. May jump; never used to measure a duration. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Runs `run` once after `delayMs`; the returned function cancels. */
  after(delayMs: number, run: () => void): () => void;
}

function systemTime(keepsAlive: boolean): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(delayMs, run) {
      const timer: unknown = setTimeout(run, delayMs);
      // Node only: a browser's timer is a number.
      if (!keepsAlive) (timer as { unref?(): void }).unref?.();
      return () => clearTimeout(timer as number);
    },
  };
}

/** For servers: background work does not keep a process alive. */
export const systemClock: Clock = /* @__PURE__ */ systemTime(false);
/** For clients: a program that awaits an upload must not end while the upload waits to try again. */
export const clientClock: Clock = systemTime(true);

/** Waits `delayMs`, or rejects with the signal's reason as soon as it aborts. Leaves no listener behind. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return orAborted(signal, (resolve: () => void) => clock.after(delayMs, resolve));
}

/** Random numbers, injected for the same reason. */
export interface Randomness {
  /** Within [0, 1); for jitter, never for secrets. */
  next(): number;
}

export const systemRandomness: Randomness = { next: () => Math.random() };
