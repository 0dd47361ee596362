import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countOf, indexesOf, MAX_MISSING_RANGES, missingRanges } from '../../contract/index.js';

/** A number of chunks with the ascending indexes of those that were received. */
const reception = fc
  .integer({ min: 1, max: 300 })
  .chain((total) =>
    fc
      .uniqueArray(fc.integer({ min: 0, max: total - 1 }))
      .map((indexes) => ({ total, received: indexes.sort((a, b) => a - b) })),
  );

describe('missingRanges', () => {
  test('is sorted, disjoint, never touching, and within the file', () => {
    fc.assert(
      fc.property(reception, ({ total, received }) => {
        const { ranges } = missingRanges(received, total);
        let end = -2;
        for (const [first, last] of ranges) {
          expect(first).toBeGreaterThan(end + 1);
          expect(last).toBeGreaterThanOrEqual(first);
          end = last;
        }
        expect(end).toBeLessThan(total);
      }),
    );
  });

  test('is the complement of what was received', () => {
    fc.assert(
      fc.property(reception, ({ total, received }) => {
        const { ranges, more } = missingRanges(received, total);
        const missing = [...indexesOf(ranges)];
        const all = Array.from({ length: total }, (_, index) => index);
        expect([...missing, ...received].sort((a, b) => a - b)).toEqual(all);
        expect(countOf(ranges)).toBe(missing.length);
        expect(more).toBe(false);
      }),
    );
  });

  test('with a limit answers the first ranges, and tells whether some were left off', () => {
    fc.assert(
      fc.property(reception, fc.integer({ min: 0, max: 30 }), ({ total, received }, limit) => {
        const whole = missingRanges(received, total).ranges;
        expect(missingRanges(received, total, limit)).toEqual({
          ranges: whole.slice(0, limit),
          more: whole.length > limit,
        });
      }),
    );
  });

  test('reads any iterable once', () => {
    function* received() {
      yield 0;
      yield 3;
    }
    expect(missingRanges(received(), 5)).toEqual({
      ranges: [
        [1, 2],
        [4, 4],
      ],
      more: false,
    });
  });

  test('the extremes', () => {
    const everySecond = Array.from({ length: 50_000 }, (_, i) => 2 * i);
    expect(missingRanges([], 1)).toEqual({ ranges: [[0, 0]], more: false });
    expect(missingRanges([0], 1)).toEqual({ ranges: [], more: false });
    expect(missingRanges([], 100_000, 1)).toEqual({ ranges: [[0, 99_999]], more: false });
    const cut = missingRanges(everySecond, 100_000, MAX_MISSING_RANGES);
    expect(cut.ranges).toHaveLength(MAX_MISSING_RANGES);
    expect(cut.more).toBe(true);
  });
});
