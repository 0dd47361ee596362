import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSize, GiB, KiB, MiB, parseSize, TiB, utf8Bytes } from '../../contract/index.js';

describe('parseSize', () => {
  test.each<[string, number | null]>([
    ['0', 0],
    ['1048576', MiB],
    ['8MiB', 8 * MiB],
    ['8 mib', 8 * MiB],
    [' 8MIB ', 8 * MiB],
    ['1.5 GiB', 1.5 * GiB],
    ['500kB', 500_000],
    ['5TiB', 5 * TiB],
    ['1.001kB', 1001],
    ['0.000001TB', 1_000_000],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', null],
    ['8192TiB', null],
    ['1.5', null],
    ['0.1KiB', null],
    ['', null],
    ['MiB', null],
    ['-1', null],
    ['+1', null],
    ['1e3', null],
    ['0x10', null],
    ['8M', null],
    ['8 Mi B', null],
    ['8,5MiB', null],
    ['.5MiB', null],
    ['1.MiB', null],
    ['NaN', null],
    ['Infinity', null],
    ['constructor', null],
  ])('%j is %j', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test('reads a whole number of bytes in any unit exactly', () => {
    const units = [
      ['KiB', KiB],
      ['MiB', MiB],
      ['GiB', GiB],
      ['TiB', TiB],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...units), fc.integer({ min: 0, max: 8191 }), ([unit, factor], count) => {
        expect(parseSize(`${count}${unit}`)).toBe(count * factor);
      }),
    );
  });

  test('reads decimals exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (bytes) => {
        const digits = String(bytes).padStart(7, '0');
        expect(parseSize(`${digits.slice(0, -3)}.${digits.slice(-3)}kB`)).toBe(bytes);
        expect(parseSize(`${digits.slice(0, -6)}.${digits.slice(-6)} MB`)).toBe(bytes);
      }),
    );
  });

  test('answers a size or null for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{0,20}\.?\d{0,8} ?[kmgtibKMGTIB]{0,4}$/)),
        (text) => {
          const bytes = parseSize(text);
          expect(bytes === null || (Number.isSafeInteger(bytes) && bytes >= 0)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('formatSize', () => {
  test.each<[number, string]>([
    [0, '0 B'],
    [1023, '1023 B'],
    [KiB, '1 KiB'],
    [1.5 * GiB, '1.5 GiB'],
    [8 * MiB, '8 MiB'],
    [MiB - 1, '1 MiB'],
    [1000 * KiB, '1000 KiB'],
    [1234 * MiB, '1.21 GiB'],
    [5 * TiB, '5 TiB'],
  ])('%d is %j', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test('is within half a percent, and below 1024 of its unit', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.integer({ min: 0, max: 10 * MiB })), (bytes) => {
        const [, value, unit] = /^(\d+(?:\.\d+)?) (\w+)$/.exec(formatSize(bytes)) ?? [];
        const factor = { B: 1, KiB, MiB, GiB, TiB }[unit ?? ''];
        if (factor === undefined) throw new Error(`no unit in ${formatSize(bytes)}`);
        expect(Math.abs(Number(value) * factor - bytes)).toBeLessThanOrEqual(bytes * 0.005);
        if (unit !== 'TiB') expect(Number(value)).toBeLessThan(1024);
      }),
      { numRuns: 1000 },
    );
  });

  test('what it writes of a whole number of units is read back', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, KiB, MiB, GiB), fc.integer({ min: 1, max: 1023 }), (unit, count) => {
        expect(parseSize(formatSize(count * unit))).toBe(count * unit);
      }),
    );
  });
});

describe('utf8Bytes', () => {
  test('equals Buffer.byteLength for any string, lone surrogates included', () => {
    const units = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0xd800, max: 0xdfff }),
        fc.constantFrom(0, 0x7f, 0x80, 0x7ff, 0x800),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(units, (codes) => {
        const text = String.fromCharCode(...codes);
        expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
      }),
      { numRuns: 1000 },
    );
  });
});
