import type { Clock } from '../../../contract/index.js';

export interface RateRules {
  readonly windowMs: number;
  readonly minBytesPerSecond: number;
}

/** The window moves in this many steps. */
const STEPS = 6;

/**
 * Calls `onSlow` once as soon as fewer bytes than the rate demands were counted in the last full window. Replaces
 * node:http's requestTimeout, which cuts off slow but honest senders of large chunks.
 */
export function guardRate(
  clock: Clock,
  rules: RateRules,
  onSlow: () => void,
): { count(bytes: number): void; end(): void } {
  const needed = (rules.minBytesPerSecond * rules.windowMs) / 1000;
  const steps: number[] = [];
  let current = 0;
  let cancel = clock.after(rules.windowMs / STEPS, step);

  function step(): void {
    steps.push(current);
    current = 0;
    if (steps.length > STEPS) steps.shift();
    const tooSlow = steps.length === STEPS && steps.reduce((sum, bytes) => sum + bytes, 0) < needed;
    if (tooSlow) onSlow();
    else cancel = clock.after(rules.windowMs / STEPS, step);
  }

  return {
    count(bytes) {
      current += bytes;
    },
    end: () => cancel(),
  };
}
