import { type Clock, orAborted } from '../contract/for-clients.js';
import type { Scope } from './scope.js';

/** Whether the machine believes to be online. Being online promises nothing; being offline says: do not try. */
export interface Connectivity {
  isOnline(): boolean;
  /** Calls `listener` after each change. @returns what takes it off again */
  onChange(listener: () => void): () => void;
}

export const alwaysOnline: Connectivity = { isOnline: () => true, onChange: () => () => {} };

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
export async function whenOnline(connectivity: Connectivity, { signal }: Scope): Promise<boolean> {
  if (connectivity.isOnline()) return false;
  return orAborted(signal, (resolve) => onceOnline(connectivity, resolve));
}

/** Waits that long, or until the machine comes online; true where that ended it. Without `connectivity` just that long. */
export function sleepUntilOnline(
  clock: Clock,
  delayMs: number,
  { signal }: Scope,
  connectivity: Connectivity = alwaysOnline,
): Promise<boolean> {
  return orAborted(signal, (resolve) => {
    const cancel = clock.after(delayMs, () => resolve(false));
    const stop = onceOnline(connectivity, resolve);
    return () => {
      cancel();
      stop();
    };
  });
}

function onceOnline(connectivity: Connectivity, resolve: (value: true) => void): () => void {
  return connectivity.onChange(() => {
    if (connectivity.isOnline()) resolve(true);
  });
}
