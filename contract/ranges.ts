/** Chunk indexes from first to last, both included. */
export type IndexRange = readonly [first: number, last: number];

/**
 * The complement of `received` in [0, total): sorted, disjoint, never touching.
 * @param received ascending, without repeats
 * @param limit most ranges to answer; `more` tells whether some were left off
 */
export function missingRanges(
  received: Iterable<number>,
  total: number,
  limit: number = Number.POSITIVE_INFINITY,
): { ranges: IndexRange[]; more: boolean } {
  const ranges: IndexRange[] = [];
  let next = 0;
  for (const index of received) {
    if (index > next) {
      if (ranges.length === limit) return { ranges, more: true };
      ranges.push([next, index - 1]);
    }
    next = index + 1;
  }
  if (next < total) {
    if (ranges.length === limit) return { ranges, more: true };
    ranges.push([next, total - 1]);
  }
  return { ranges, more: false };
}

export function* indexesOf(ranges: Iterable<IndexRange>): Generator<number> {
  for (const [first, last] of ranges) for (let index = first; index <= last; index++) yield index;
}

export function countOf(ranges: Iterable<IndexRange>): number {
  let count = 0;
  for (const [first, last] of ranges) count += last - first + 1;
  return count;
}
