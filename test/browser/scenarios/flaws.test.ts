import { expect, test } from 'vitest';
import type { Told } from './bench/page.js';
import { flawsOf } from './support/flaws.js';

const FIRST: Told = {
  ...{ phase: 'uploading', name: 'a', size: 10, bytes: 2, fraction: 0.2, chunks: 1, total: 5 },
  ...{
    hashedBytes: 10,
    hashTotalBytes: 10,
    speed: null,
    etaMs: null,
    retries: 0,
    retrying: null,
    resumed: false,
  },
  ...{ uploadId: 'U', path: null, error: null },
};
const LAST: Told = { ...FIRST, phase: 'completed', bytes: 10, fraction: 1, chunks: 5, path: 'files/U/a' };

test('states of an upload that goes on are without flaw', () => {
  expect(flawsOf([FIRST, { ...FIRST, bytes: 4, fraction: 0.4, chunks: 2 }, LAST])).toEqual([]);
  expect(flawsOf([FIRST, { ...FIRST, total: 2, chunks: 0 }])).toEqual([]);
});

test.each<[string, Told[]]>([
  ['bytes that go back', [FIRST, { ...FIRST, bytes: 1 }]],
  ['a fraction that goes back', [FIRST, { ...FIRST, fraction: 0.1 }]],
  ['hashed bytes that go back', [FIRST, { ...FIRST, hashedBytes: 9 }]],
  ['chunks that go back', [FIRST, { ...FIRST, chunks: 0 }]],
  ['more chunks than there are', [{ ...FIRST, chunks: 6 }]],
  ['more bytes than there are', [{ ...FIRST, bytes: 11 }]],
  ['all before the end', [{ ...FIRST, bytes: 10, fraction: 1 }]],
  ['an end without all', [{ ...LAST, bytes: 9 }]],
  ['an end without a path', [{ ...LAST, path: null }]],
  ['something after the end', [LAST, LAST]],
])('the check sees %s', (_, log) => {
  expect(flawsOf(log)).toHaveLength(1);
});
