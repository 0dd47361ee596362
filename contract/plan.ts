import {
  CHUNK_COUNT_GOAL,
  MAX_CHUNK_SIZE_BYTES,
  MAX_CHUNKS,
  MIN_CHUNK_SIZE_BYTES,
  MiB,
  POLICY_DEFAULTS,
} from './limits.js';

export type Mode = 'single' | 'chunked';

/** How a file of a size is cut. Ranges tile [0, size) without gap or overlap; an empty file has one chunk of size 0. */
export interface Plan {
  readonly mode: Mode;
  /** Bytes of every chunk but the last; at least 1. */
  readonly chunkSize: number;
  /** Number of chunks; at least 1. */
  readonly total: number;
}

/** What a plan depends on, resolved from a policy. All in bytes, except counts. */
export interface PlanRules {
  readonly threshold: number;
  readonly chunkSize: number;
  readonly minChunkSize: number;
  readonly maxChunkSize: number;
  readonly maxChunks: number;
  readonly maxFileSize: number;
}

export interface ChunkRange {
  readonly index: number;
  /** First byte's position in the file. */
  readonly offset: number;
  /** Bytes; 0 only for the one chunk of an empty file. */
  readonly size: number;
}

export const DEFAULT_PLAN_RULES = /* @__PURE__ */ defaultRules();

function defaultRules(): PlanRules {
  return {
    threshold: POLICY_DEFAULTS.thresholdBytes,
    chunkSize: POLICY_DEFAULTS.chunkSizeBytes,
    minChunkSize: MIN_CHUNK_SIZE_BYTES,
    maxChunkSize: MAX_CHUNK_SIZE_BYTES,
    maxChunks: MAX_CHUNKS,
    maxFileSize: POLICY_DEFAULTS.maxFileSizeBytes,
  };
}

/**
 * The plan that a server prefers for `size`: the configured chunk size while it makes at most CHUNK_COUNT_GOAL
 * chunks (`maxChunks` where that is less), then the smallest multiple of 1 MiB that does, then `maxChunkSize` with
 * more chunks.
 * @param size bytes; a safe integer within [0, rules.maxFileSize]
 */
export function planFor(size: number, rules: PlanRules = DEFAULT_PLAN_RULES): Plan {
  if (size <= rules.threshold) return singlePlan(size);
  const configured = Math.max(rules.chunkSize, rules.minChunkSize);
  const needed = Math.ceil(size / Math.min(CHUNK_COUNT_GOAL, rules.maxChunks));
  const grown = needed <= configured ? configured : Math.ceil(needed / MiB) * MiB;
  const chunkSize = Math.min(grown, rules.maxChunkSize);
  return { mode: 'chunked', chunkSize, total: Math.ceil(size / chunkSize) };
}

/**
 * The plan for `size` with a chunk size that the client chose, or null where the rules do not allow that size.
 * A file at or below the threshold has one plan only, whatever was chosen.
 */
export function planWith(size: number, chunkSize: number, rules: PlanRules): Plan | null {
  if (size <= rules.threshold) return singlePlan(size);
  if (chunkSize < rules.minChunkSize || chunkSize > rules.maxChunkSize) return null;
  const total = Math.ceil(size / chunkSize);
  return total > rules.maxChunks ? null : { mode: 'chunked', chunkSize, total };
}

function singlePlan(size: number): Plan {
  return { mode: 'single', chunkSize: Math.max(size, 1), total: 1 };
}

/** @param index within [0, plan.total) */
export function chunkAt(plan: Plan, size: number, index: number): ChunkRange {
  const offset = index * plan.chunkSize;
  return { index, offset, size: Math.min(plan.chunkSize, size - offset) };
}

/**
 * Rules that contradict each other, in words, or null. A server refuses to start with them.
 * @param memoryBudget bytes; a chunk may be a quarter of it at most
 * @param chunksInBudget how many of the largest chunks must fit the budget
 */
export function contradictionIn(
  rules: PlanRules,
  memoryBudget: number,
  chunksInBudget: number,
): string | null {
  for (const [key, value] of Object.entries(rules))
    if (!Number.isSafeInteger(value) || value < (key === 'threshold' ? 0 : 1))
      return `${key} must be a whole number, got ${value}`;
  if (rules.maxChunks > MAX_CHUNKS)
    return `maxChunks (${rules.maxChunks}) is more than the ${MAX_CHUNKS} that a request can number`;
  if (rules.minChunkSize > rules.maxChunkSize)
    return `minChunkSize (${rules.minChunkSize}) is larger than maxChunkSize (${rules.maxChunkSize})`;
  if (rules.chunkSize > rules.maxChunkSize)
    return `chunkSize (${rules.chunkSize}) is larger than maxChunkSize (${rules.maxChunkSize})`;
  if (rules.threshold > rules.maxChunkSize)
    return `threshold (${rules.threshold}) is larger than maxChunkSize (${rules.maxChunkSize}): a file below the threshold is one chunk`;
  if (rules.maxChunkSize * chunksInBudget > memoryBudget)
    return `maxChunkSize (${rules.maxChunkSize}) must be at most 1/${chunksInBudget} of memoryBudget (${memoryBudget})`;
  if (rules.maxFileSize > rules.threshold && planFor(rules.maxFileSize, rules).total > rules.maxChunks)
    return `maxFileSize (${rules.maxFileSize}) does not fit into ${rules.maxChunks} chunks of ${rules.maxChunkSize} bytes`;
  return null;
}
