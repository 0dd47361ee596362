import { createManualClock } from '../../testing/clock.js';

export type { ManualClock } from '../../testing/clock.js';

/** A clock that stands still until a test moves it. */
export const manualClock = (startMs?: number) => createManualClock(startMs === undefined ? {} : { startMs });
