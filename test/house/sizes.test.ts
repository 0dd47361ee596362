import { describe, expect, test } from 'vitest';
import { PRODUCT, read, sources } from './tree.js';

const CODE = { medianBelow: 100, atMost: 250 };
/** Tests are read one by one, from top to bottom, so their files may be longer. */
const TESTS = { medianBelow: 150, atMost: 400 };

/** Longer files, each with the reason why it is not cut. */
const LONG: Record<string, string> = {};

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/** What is wrong with the lengths of files, in words. */
function flaws(
  lengths: Record<string, number>,
  listed: Record<string, string>,
  { medianBelow, atMost } = CODE,
): string[] {
  const flaws: string[] = [];
  for (const [file, lines] of Object.entries(lengths))
    if (lines > atMost && !listed[file]) flaws.push(`${file} has ${lines} lines`);
  for (const file of Object.keys(listed))
    if ((lengths[file] ?? 0) <= atMost) flaws.push(`${file} is listed as long, and is not`);
  const middle = median(Object.values(lengths));
  if (middle >= medianBelow) flaws.push(`the median is ${middle} lines`);
  return flaws;
}

const lengthsOf = (files: readonly string[]) =>
  Object.fromEntries(files.map((file) => [file, linesOf(read(file))]));

describe('files stay small', () => {
  test('in the product', () => {
    expect(flaws(lengthsOf(sources(PRODUCT)), LONG)).toEqual([]);
  });

  test('in the tests', () => {
    expect(flaws(lengthsOf(sources(['test'])), {}, TESTS)).toEqual([]);
  });

  test('the check sees what is too long', () => {
    expect(flaws({ a: 250, b: 10, c: 99 }, {})).toEqual([]);
    expect(flaws({ a: 251, b: 10, c: 10 }, {})).toEqual(['a has 251 lines']);
    expect(flaws({ a: 251, b: 10, c: 10 }, { a: 'a table' })).toEqual([]);
    expect(flaws({ a: 250, b: 10, c: 10 }, { a: 'a table' })).toEqual(['a is listed as long, and is not']);
    expect(flaws({ a: 100, b: 100, c: 10 }, {})).toEqual(['the median is 100 lines']);
    expect(flaws({ a: 101, b: 99 }, {})).toEqual(['the median is 100 lines']);
    expect([linesOf('a\nb\n'), linesOf('a\nb'), linesOf('a')]).toEqual([2, 2, 1]);
  });
});
