/** Bytes moved over time, oldest first. Times are monotonic milliseconds. */
export type Samples = readonly { readonly at: number; readonly bytes: number }[];

const SAMPLES_PER_WINDOW = 50;

/** Adds a sample and drops what is older than the window, keeping one before it as the base. */
export function withSample(samples: Samples, at: number, bytes: number, windowMs: number): Samples {
  const last = samples.at(-1);
  const beforeLast = samples.at(-2);
  // Close samples are merged, so that their number stays bounded.
  const merge = last && beforeLast && last.at - beforeLast.at < windowMs / SAMPLES_PER_WINDOW;
  const kept = merge ? samples.slice(0, -1) : samples;
  const firstInside = kept.findIndex((sample) => sample.at >= at - windowMs);
  return [...kept.slice(firstInside === -1 ? -1 : Math.max(0, firstInside - 1)), { at, bytes }];
}

/** Mean bytes per second over the window; null while it cannot be told, or nothing moved. */
export function speedOf(samples: Samples, now: number, windowMs: number): number | null {
  const inside = samples.filter((sample) => sample.at >= now - windowMs);
  const first = inside[0];
  const last = inside.at(-1);
  if (!first || !last || now <= first.at || last.bytes <= first.bytes) return null;
  return ((last.bytes - first.bytes) * 1000) / (now - first.at);
}
