import { type Clock, PAGE_DEFAULTS } from '../../contract/index.js';

/** Looks from time to time, in place of the stream that another window has. */
export interface Polling {
  want(wanted: boolean): void;
}

export function createPolling(clock: Clock, look: () => void): Polling {
  let stop: (() => void) | null = null;
  const again = () => {
    stop = clock.after(PAGE_DEFAULTS.pollMs, () => {
      again();
      look();
    });
  };
  return {
    want(wanted) {
      if (wanted === (stop !== null)) return;
      stop?.();
      stop = null;
      if (!wanted) return;
      again();
      look();
    },
  };
}
