import { expect } from 'vitest';

/**
 * Bytes are compared as bytes. Vitest compares them as lists of numbers, which takes seconds for the files of these
 * tests. What is not bytes on both sides is left to it.
 */
function areSameBytes(one: unknown, other: unknown): boolean | undefined {
  if (!(one instanceof Uint8Array && other instanceof Uint8Array)) return undefined;
  return Buffer.compare(one, other) === 0;
}

expect.addEqualityTesters([areSameBytes]);
