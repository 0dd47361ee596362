/** Pause after the `attempt`-th try (from 1): doubles from `firstMs` up to `maxMs`. One process tries, so no jitter. */
export function backoffMs(attempt: number, firstMs: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(Math.max(attempt - 1, 0), 30), maxMs);
}
