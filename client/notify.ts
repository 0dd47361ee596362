import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import type { Clock } from '../contract/for-clients.js';

/** Tells listeners of changes, of moving bytes at most every `progressIntervalMs`. */
export interface Notifier {
  subscribe(listener: () => void): () => void;
  /** @param urgent tell at once */
  changed(urgent: boolean): void;
  /** Tells what is still untold, and stops the timer. */
  close(): void;
}

/** What a listener throws is thrown later: a broken listener must not break the upload. */
export function createNotifier(clock: Clock): Notifier {
  const listeners = new Set<() => void>();
  let cancelTimer: (() => void) | null = null;

  function tell() {
    cancelTimer?.();
    cancelTimer = null;
    for (const listener of [...listeners])
      try {
        listener();
      } catch (error) {
        throwLater(error);
      }
  }

  return {
    subscribe(listener) {
      // Wrapped, so that subscribing the same function twice gives two subscriptions.
      const own = () => listener();
      listeners.add(own);
      return () => listeners.delete(own);
    },
    changed(urgent) {
      if (urgent) tell();
      else if (listeners.size > 0) cancelTimer ??= clock.after(CLIENT_DEFAULTS.progressIntervalMs, tell);
    },
    close() {
      if (cancelTimer) tell();
    },
  };
}

/** Outside of whatever is going on, as an error that nobody caught. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
