import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import type { Clock } from '../contract/for-clients.js';

export interface SleepWatch {
  /** Looks now, before the timer does: on waking, a broken connection may be told first. */
  look(): void;
  stop(): void;
}

/**
 * Tells of each time that the machine slept, or the page was frozen: some clocks go on meanwhile. It shows by a timer
 * that comes later than any timer does, also in the background.
 */
export function watchSleep(clock: Clock, onWake: () => void): SleepWatch {
  let lookedAt = clock.monotonic();
  let cancel = () => {};
  const look = () => {
    cancel();
    const now = clock.monotonic();
    if (now - lookedAt > CLIENT_DEFAULTS.asleepMs) onWake();
    lookedAt = now;
    cancel = clock.after(CLIENT_DEFAULTS.sleepLookMs, look);
  };
  look();
  return { look, stop: () => cancel() };
}
