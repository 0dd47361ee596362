import fc from 'fast-check';
import {
  CHUNK_COUNT_GOAL,
  contradictionIn,
  DEFAULT_PLAN_RULES,
  GiB,
  KiB,
  MAX_CHUNK_SIZE_BYTES,
  MAX_CHUNKS,
  MIN_CHUNKS_IN_BUDGET,
  MiB,
  type Plan,
  type PlanRules,
  SERVER_DEFAULTS,
  TiB,
} from '../../contract/index.js';

export const BUDGET = SERVER_DEFAULTS.memoryBudgetBytes;

export function contradiction(rules: PlanRules, budget = BUDGET): string | null {
  return contradictionIn(rules, budget, MIN_CHUNKS_IN_BUDGET);
}

/** Sizes at which a plan changes its shape, and their neighbours, as far as the rules allow them. */
export function edgeSizes(rules: PlanRules): number[] {
  const { threshold, chunkSize, minChunkSize, maxChunkSize, maxChunks, maxFileSize } = rules;
  const edges = [0, 1, threshold, chunkSize, minChunkSize, maxChunkSize, 5 * TiB, maxFileSize];
  for (const size of [chunkSize, minChunkSize, maxChunkSize])
    for (const count of [CHUNK_COUNT_GOAL - 1, CHUNK_COUNT_GOAL, CHUNK_COUNT_GOAL + 1, maxChunks])
      edges.push(size * count);
  const near = edges.flatMap((size) => [size - 1, size, size + 1]);
  return [...new Set(near)].filter((size) => size >= 0 && size <= maxFileSize);
}

const mostly = (usual: fc.Arbitrary<number>, odd: fc.Arbitrary<number>) =>
  fc.oneof({ weight: 3, arbitrary: usual }, { weight: 1, arbitrary: odd });

/** Rules that a server would start with: any that `contradictionIn` has nothing against. */
export const soundRules: fc.Arbitrary<PlanRules> = fc
  .record({
    threshold: mostly(fc.integer({ min: 0, max: 32 * MiB }), fc.constant(0)),
    chunkSize: mostly(
      fc.integer({ min: 1, max: 64 }).map((n) => n * MiB),
      fc.integer({ min: 1, max: 64 * MiB }),
    ),
    minChunkSize: mostly(fc.constant(DEFAULT_PLAN_RULES.minChunkSize), fc.integer({ min: 1, max: 8 * MiB })),
    maxChunkSize: mostly(fc.constant(MAX_CHUNK_SIZE_BYTES), fc.integer({ min: KiB, max: 64 * MiB })),
    maxChunks: mostly(fc.constant(MAX_CHUNKS), fc.integer({ min: 1, max: MAX_CHUNKS })),
    maxFileSize: mostly(fc.integer({ min: 1, max: 5 * TiB }), fc.integer({ min: 1, max: GiB })),
  })
  .filter((rules) => contradiction(rules) === null);

/** Sound rules with a size that they allow: any, or one at an edge. */
export const rulesAndSize: fc.Arbitrary<{ rules: PlanRules; size: number }> = soundRules.chain((rules) =>
  fc
    .oneof(fc.constantFrom(...edgeSizes(rules)), fc.integer({ min: 0, max: rules.maxFileSize }))
    .map((size) => ({ rules, size })),
);

/** What is wrong with the ranges of a plan, or null where they tile [0, size) exactly. */
export function flawInTiling(
  plan: Plan,
  size: number,
  chunkAt: (plan: Plan, size: number, index: number) => { index: number; offset: number; size: number },
): string | null {
  let end = 0;
  for (let index = 0; index < plan.total; index++) {
    const range = chunkAt(plan, size, index);
    if (range.index !== index) return `chunk ${index} calls itself ${range.index}`;
    if (range.offset !== end)
      return `chunk ${index} starts at ${range.offset}, the one before ends at ${end}`;
    if (range.size < 1 && size > 0) return `chunk ${index} is empty`;
    if (index < plan.total - 1 && range.size !== plan.chunkSize) return `chunk ${index} is short`;
    if (range.size > plan.chunkSize) return `chunk ${index} is longer than the plan's chunks`;
    end = range.offset + range.size;
  }
  return end === size ? null : `the ranges end at ${end}, the file at ${size}`;
}
