import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHUNK_COUNT_GOAL,
  chunkAt,
  DEFAULT_PLAN_RULES,
  KiB,
  MAX_CHUNK_SIZE_BYTES,
  MAX_CHUNKS,
  MiB,
  planFor,
  planWith,
  TiB,
} from '../../contract/index.js';
import { plan as planSchema } from '../../contract/schemas.js';
import { edgeSizes, flawInTiling, rulesAndSize } from './rules.js';

const DEFAULTS = DEFAULT_PLAN_RULES;

describe('planFor', () => {
  test('the ranges tile the file exactly, for any size and policy', () => {
    fc.assert(
      fc.property(rulesAndSize, ({ rules, size }) => {
        expect(flawInTiling(planFor(size, rules), size, chunkAt)).toBeNull();
      }),
      { numRuns: 400 },
    );
  });

  test('the ranges tile the file exactly at every edge of the defaults', () => {
    const sizes = edgeSizes(DEFAULTS);
    expect(sizes).toEqual(
      expect.arrayContaining([0, 1, DEFAULTS.threshold, DEFAULTS.threshold + 1, 5 * TiB]),
    );
    for (const size of sizes) expect(flawInTiling(planFor(size), size, chunkAt), `${size} bytes`).toBeNull();
  });

  test('a plan is within the limits, and the schema accepts it', () => {
    fc.assert(
      fc.property(rulesAndSize, ({ rules, size }) => {
        const plan = planFor(size, rules);
        expect(planSchema.parse(plan)).toEqual(plan);
        expect(plan.total).toBeLessThanOrEqual(Math.min(rules.maxChunks, MAX_CHUNKS));
        expect(plan.chunkSize).toBeLessThanOrEqual(Math.min(rules.maxChunkSize, MAX_CHUNK_SIZE_BYTES));
        if (plan.mode === 'chunked') expect(plan.chunkSize).toBeGreaterThanOrEqual(rules.minChunkSize);
      }),
      { numRuns: 2000 },
    );
  });

  test('a file at or below the threshold is one chunk, a larger one is chunked', () => {
    fc.assert(
      fc.property(rulesAndSize, ({ rules, size }) => {
        const plan = planFor(size, rules);
        if (size <= rules.threshold)
          expect(plan).toEqual({ mode: 'single', chunkSize: Math.max(size, 1), total: 1 });
        else expect(plan.mode).toBe('chunked');
      }),
    );
  });

  test('the chunk size is the configured one up to the goal, then the smallest fitting multiple of 1 MiB', () => {
    fc.assert(
      fc.property(rulesAndSize, ({ rules, size }) => {
        const plan = planFor(size, rules);
        const goal = Math.min(CHUNK_COUNT_GOAL, rules.maxChunks);
        const configured = Math.max(rules.chunkSize, rules.minChunkSize);
        fc.pre(plan.mode === 'chunked');
        const fits = (chunkSize: number) => Math.ceil(size / chunkSize) <= goal;
        let expected = configured;
        if (!fits(configured)) {
          expected = MiB * Math.ceil(configured / MiB);
          while (!fits(expected)) expected += MiB;
        }
        expect(plan.chunkSize).toBe(Math.min(expected, rules.maxChunkSize));
      }),
      { numRuns: 2000 },
    );
  });

  test('the defaults, by hand', () => {
    const chunked = (chunkSize: number, total: number) => ({ mode: 'chunked', chunkSize, total });
    expect(planFor(0)).toEqual({ mode: 'single', chunkSize: 1, total: 1 });
    expect(planFor(16 * MiB)).toEqual({ mode: 'single', chunkSize: 16 * MiB, total: 1 });
    expect(planFor(16 * MiB + 1)).toEqual(chunked(8 * MiB, 3));
    expect(planFor(80_000 * MiB - 1)).toEqual(chunked(8 * MiB, 10_000));
    expect(planFor(80_000 * MiB)).toEqual(chunked(8 * MiB, 10_000));
    expect(planFor(80_000 * MiB + 1)).toEqual(chunked(9 * MiB, 8889));
    expect(planFor(640_000 * MiB)).toEqual(chunked(64 * MiB, 10_000));
    expect(planFor(640_000 * MiB + 1)).toEqual(chunked(64 * MiB, 10_001));
    expect(planFor(5 * TiB)).toEqual(chunked(64 * MiB, 81_920));
  });

  test('a configured chunk size below the minimum is raised to it', () => {
    const rules = { ...DEFAULTS, threshold: 0, chunkSize: 1 };
    expect(planFor(MiB, rules)).toEqual({ mode: 'chunked', chunkSize: 256 * KiB, total: 4 });
  });

  test('a policy with few chunks gets larger ones at every size that it allows', () => {
    const rules = { ...DEFAULTS, maxChunks: 9500, maxFileSize: 80_000 * MiB + 1 };
    expect(planFor(80_000 * MiB, rules)).toEqual({ mode: 'chunked', chunkSize: 9 * MiB, total: 8889 });
  });
});

describe('planWith', () => {
  test('agrees with planFor on the chunk size that planFor chose', () => {
    fc.assert(
      fc.property(rulesAndSize, ({ rules, size }) => {
        const plan = planFor(size, rules);
        expect(planWith(size, plan.chunkSize, rules)).toEqual(plan);
      }),
      { numRuns: 2000 },
    );
  });

  const anyChunkSize = fc.oneof(fc.integer({ min: 1, max: 65 * MiB }), fc.integer({ min: 1, max: 2 ** 40 }));

  test('answers a plan that tiles the file, exactly where the rules allow the chunk size', () => {
    fc.assert(
      fc.property(rulesAndSize, anyChunkSize, ({ rules, size }, chunkSize) => {
        const plan = planWith(size, chunkSize, rules);
        const inLimits = chunkSize >= rules.minChunkSize && chunkSize <= rules.maxChunkSize;
        const single = size <= rules.threshold;
        expect(plan !== null).toBe(single || (inLimits && chunkSize * rules.maxChunks >= size));
        if (single) expect(plan).toEqual(planFor(size, rules));
        if (plan) expect(flawInTiling(plan, size, chunkAt)).toBeNull();
      }),
      { numRuns: 400 },
    );
  });

  test('refuses a chunk size outside the limits, by one byte', () => {
    const size = 100 * MiB;
    expect(planWith(size, 256 * KiB, DEFAULTS)).not.toBeNull();
    expect(planWith(size, 256 * KiB - 1, DEFAULTS)).toBeNull();
    expect(planWith(size, 64 * MiB, DEFAULTS)).not.toBeNull();
    expect(planWith(size, 64 * MiB + 1, DEFAULTS)).toBeNull();
  });

  test('refuses one chunk too many', () => {
    const chunkSize = 256 * KiB;
    expect(planWith(100_000 * chunkSize, chunkSize, DEFAULTS)?.total).toBe(100_000);
    expect(planWith(100_000 * chunkSize + 1, chunkSize, DEFAULTS)).toBeNull();
  });
});

test('the check of a tiling sees a gap, an overlap and a short end', () => {
  const plan = { mode: 'chunked', chunkSize: 4, total: 3 } as const;
  const wrong = (offset: number, length: number) => (_: unknown, __: unknown, index: number) =>
    index === 1 ? { index, offset, size: length } : chunkAt(plan, 10, index);
  expect(flawInTiling(plan, 10, chunkAt)).toBeNull();
  expect(flawInTiling(plan, 10, wrong(5, 4))).toMatch(/starts at 5/);
  expect(flawInTiling(plan, 10, wrong(3, 4))).toMatch(/starts at 3/);
  expect(flawInTiling(plan, 10, wrong(4, 3))).toMatch(/short/);
  expect(flawInTiling(plan, 11, (_, __, index) => chunkAt(plan, 10, index))).toMatch(/end at 10/);
});
