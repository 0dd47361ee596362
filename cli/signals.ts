import { CLI_DEFAULTS } from '../contract/index.js';
import { EXIT } from './failure.js';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export function exitCodeOf(signal: StopSignal): number {
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}

/**
 * Tells of the first SIGINT or SIGTERM; the second one ends the process at once.
 * @returns what ends the listening
 */
export function onStop(listener: (signal: StopSignal) => void): () => void {
  let firstAt: number | null = null;
  const handle = (signal: StopSignal) => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      listener(signal);
    } else if (signal === 'SIGTERM' || now - firstAt > CLI_DEFAULTS.sameInterruptMs)
      process.exit(exitCodeOf(signal));
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return () => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
  };
}
