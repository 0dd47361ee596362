import { orAbort, type Scope } from './scope.js';

/** Lets at most `limit` holders in, first come first served. */
export interface Gate {
  /** @returns what gives the place back; calling it again does nothing. @throws the scope's reason when it aborts */
  enter(scope: Scope): Promise<() => void>;
}

export function createGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let inside = 0;

  function leaver(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside--;
      const next = waiting.shift();
      if (next) {
        inside++;
        next();
      }
    };
  }

  return {
    async enter({ signal }) {
      signal.throwIfAborted();
      if (inside < limit) {
        inside++;
        return leaver();
      }
      let admit = () => {};
      const turn = new Promise<void>((resolve) => {
        admit = resolve;
      });
      waiting.push(admit);
      try {
        await orAbort(turn, signal);
        return leaver();
      } catch (reason) {
        const place = waiting.indexOf(admit);
        if (place === -1) leaver()();
        else waiting.splice(place, 1);
        throw reason;
      }
    },
  };
}
