import { alwaysOnline } from './online.js';
import { createScheduler } from './schedule.js';
import type { Scope } from './scope.js';

/** Lets at most `limit` holders in, first come first served. */
export interface Gate {
  /** @returns what gives the place back; calling it again does nothing. @throws the scope's reason when it aborts */
  enter(scope: Scope): Promise<() => void>;
}

/** A scheduler without its order: nobody goes first. */
export function createGate(limit: number): Gate {
  const places = createScheduler(limit, alwaysOnline);
  return {
    async enter(scope) {
      const place = await places.acquire(0, scope);
      let left = false;
      return () => {
        if (!left) place.release('failed');
        left = true;
      };
    },
  };
}
