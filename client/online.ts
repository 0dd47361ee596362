import { type Clock, sleep } from '../contract/for-clients.js';
import { type Scope, within } from './scope.js';

/** Whether the machine believes to be online. Being online promises nothing; being offline says: do not try. */
export interface Connectivity {
  isOnline(): boolean;
  /** Calls `listener` after each change. @returns what takes it off again */
  onChange(listener: () => void): () => void;
}

const alwaysOnline: Connectivity = { isOnline: () => true, onChange: () => () => {} };

/** The part of a browser's globals that tells whether it is online. */
export interface BrowserGlobals {
  navigator?: { onLine?: boolean };
  addEventListener?(type: 'online' | 'offline', listener: () => void): void;
  removeEventListener?(type: 'online' | 'offline', listener: () => void): void;
}

/** The browser's own events, where there are any; elsewhere always online. */
export function runtimeConnectivity(runtime: BrowserGlobals = globalThis as BrowserGlobals): Connectivity {
  if (typeof runtime.navigator?.onLine !== 'boolean' || !runtime.addEventListener) return alwaysOnline;
  return {
    isOnline: () => runtime.navigator?.onLine !== false,
    onChange(listener) {
      runtime.addEventListener?.('online', listener);
      runtime.addEventListener?.('offline', listener);
      return () => {
        runtime.removeEventListener?.('online', listener);
        runtime.removeEventListener?.('offline', listener);
      };
    },
  };
}

/** Resolves when online; true where it had to wait. */
export function whenOnline(connectivity: Connectivity, scope: Scope): Promise<boolean> {
  if (connectivity.isOnline()) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    const stop = connectivity.onChange(() => {
      if (connectivity.isOnline()) end(() => resolve(true));
    });
    const onAbort = () => end(() => reject(scope.signal.reason));
    const end = (settle: () => void) => {
      stop();
      scope.signal.removeEventListener('abort', onAbort);
      settle();
    };
    if (scope.signal.aborted) onAbort();
    else scope.signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Waits that long, or until the machine comes online; true where that ended it. Without `connectivity` just that long. */
export function sleepUntilOnline(
  clock: Clock,
  delayMs: number,
  parent: Scope,
  connectivity: Connectivity = alwaysOnline,
): Promise<boolean> {
  return within(parent, async (scope) => {
    let woken = false;
    const stop = connectivity.onChange(() => {
      woken ||= connectivity.isOnline();
      if (woken) scope.abort(null);
    });
    try {
      await sleep(clock, delayMs, scope.signal);
    } catch (reason) {
      if (!woken) throw reason;
    } finally {
      stop();
    }
    return woken;
  });
}
