import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_PLAN_RULES,
  MAX_CHUNKS,
  MIN_CHUNKS_IN_BUDGET,
  MiB,
  type PlanRules,
  planFor,
  SERVER_DEFAULTS,
  TiB,
} from '../../contract/index.js';
import { BUDGET, contradiction, edgeSizes, soundRules } from './rules.js';

const changed = (change: Partial<PlanRules>) => contradiction({ ...DEFAULT_PLAN_RULES, ...change });

test('the defaults do not contradict each other within the default memory budget', () => {
  expect(contradiction(DEFAULT_PLAN_RULES, SERVER_DEFAULTS.memoryBudgetBytes)).toBeNull();
});

test('rules that are accepted have a plan within maxChunks for every size up to maxFileSize', () => {
  fc.assert(
    fc.property(soundRules, fc.double({ min: 0, max: 1, noNaN: true }), (rules, share) => {
      for (const size of [...edgeSizes(rules), Math.floor(rules.maxFileSize * share)])
        expect(planFor(size, rules).total, `${size} bytes`).toBeLessThanOrEqual(rules.maxChunks);
    }),
    { numRuns: 500 },
  );
});

describe('refuses', () => {
  test.each<[string, Partial<PlanRules>, RegExp]>([
    ['a smallest chunk above the largest', { minChunkSize: 9 * MiB, maxChunkSize: 8 * MiB }, /^minChunkSize/],
    ['a chunk above the largest', { chunkSize: 65 * MiB }, /^chunkSize/],
    ['a threshold above the largest chunk', { threshold: 64 * MiB + 1 }, /^threshold/],
    ['more chunks than a request can number', { maxChunks: MAX_CHUNKS + 1 }, /^maxChunks/],
    ['a file that its chunks cannot hold', { maxChunks: 10_000 }, /^maxFileSize/],
    ['a file that its chunks cannot hold by a byte', { maxFileSize: 6_400_000 * MiB + 1 }, /^maxFileSize/],
  ])('%s', (_, change, message) => {
    expect(changed(change)).toMatch(message);
  });

  test('a largest chunk above its share of the memory budget, by one byte', () => {
    const share = DEFAULT_PLAN_RULES.maxChunkSize * MIN_CHUNKS_IN_BUDGET;
    expect(contradiction(DEFAULT_PLAN_RULES, share)).toBeNull();
    expect(contradiction(DEFAULT_PLAN_RULES, share - 1)).toMatch(/memoryBudget/);
  });

  const keys = Object.keys(DEFAULT_PLAN_RULES) as (keyof PlanRules)[];
  test.each(keys)('a %s that is not a whole, positive, exact number', (key) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 2 ** 53])
      expect(changed({ [key]: value }), `${value}`).toMatch(new RegExp(`^${key} `));
    if (key !== 'threshold') expect(changed({ [key]: 0 })).toMatch(new RegExp(`^${key} `));
  });
});

describe('accepts', () => {
  test.each<[string, Partial<PlanRules>]>([
    ['a threshold of 0', { threshold: 0 }],
    ['a threshold equal to the largest chunk', { threshold: 64 * MiB }],
    ['a configured chunk size below the smallest', { chunkSize: 1 }],
    ['files that are all below the threshold', { maxFileSize: 1, maxChunks: 1 }],
    ['the largest file that fits exactly', { maxFileSize: 6_400_000 * MiB }],
    ['the ten thousand parts of S3 with what they hold', { maxChunks: 10_000, maxFileSize: 640_000 * MiB }],
  ])('%s', (_, change) => {
    expect(changed(change)).toBeNull();
  });

  test('the smallest budget that holds its largest chunks', () => {
    expect(contradiction({ ...DEFAULT_PLAN_RULES, maxFileSize: TiB }, BUDGET)).toBeNull();
  });
});
