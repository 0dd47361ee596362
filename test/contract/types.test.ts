import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptsType } from '../../contract/index.js';

describe('acceptsType', () => {
  it('takes everything where no types are named', () => {
    fc.assert(fc.property(fc.option(fc.string()), (type) => acceptsType(null, type)));
  });

  it.each([
    [['image/*'], 'image/png', true],
    [['image/*'], 'IMAGE/PNG; charset=x', true],
    [['image/*'], 'imagery/png', false],
    [['image/png'], 'image/png', true],
    [['image/png'], 'image/jpeg', false],
    [['IMAGE/PNG '], 'image/png', true],
    [['*/*'], null, true],
    [['image/*', 'video/mp4'], 'video/mp4', true],
    [['image/*'], null, false],
    [['image/*'], '', false],
    [[], 'image/png', false],
  ])('%j, %j: %j', (types, type, accepted) => {
    expect(acceptsType(types, type)).toBe(accepted);
  });
});
