import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SAFE_NAME_BYTES, utf8Bytes } from '../../contract/index.js';
import { createLayout } from '../../server/stores/layout.js';
import { safeName } from '../../server/stores/safe-name.js';
import { idOf } from '../support/stores.js';

/** Text as hostile clients send it: any code unit, with what means something to file systems more often. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 })
    .map((units) => String.fromCharCode(...units)),
  fc
    .array(
      fc.constantFrom(
        '.',
        ' ',
        '/',
        '\\',
        '-',
        '_',
        ':',
        'CON',
        'nul',
        'a',
        'é',
        '😀',
        '\0',
        '\u202e',
        '\ud800',
      ),
      {
        maxLength: 250,
      },
    )
    .map((parts) => parts.join('')),
);

describe('safeName', () => {
  it('makes one safe component of any text', () => {
    fc.assert(
      fc.property(text, (given) => {
        const name = safeName(given);
        expect(name).not.toBe('');
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_SAFE_NAME_BYTES);
        expect(Buffer.from(name).toString()).toBe(name);
        expect(name).not.toMatch(/[\0-\x1f\x7f/\\:*?"<>|]/);
        expect(name).not.toMatch(/^[- ]|[. ]$/);
        expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps no code point that hides, reorders or breaks what a name shows', () => {
    const kept: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character) && safeName(`a${character}b`) !== 'a_b')
        kept.push(code.toString(16));
    }
    expect(kept).toEqual([]);
  });

  it('leaves a safe name as it is', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(safeName(safeName(given))).toBe(safeName(given));
      }),
    );
    for (const name of [
      'report.pdf',
      'a',
      '.gitignore',
      'naïve café.txt',
      '日本語.tar.gz',
      '😀.png',
      'a-b c',
      'e\u0301',
    ])
      expect(safeName(name)).toBe(name);
  });

  it.each([
    ['', 'file'],
    ['.', 'file'],
    ['..', 'file'],
    [' . . ', 'file'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['/etc/passwd', '_etc_passwd'],
    ['..\\..\\boot.ini', '.._.._boot.ini'],
    ['C:\\boot.ini', 'C__boot.ini'],
    ['file.txt:stream', 'file.txt_stream'],
    ['a\0b\nc\x7f', 'a_b_c_'],
    ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
    ['zero\u200bwidth', 'zero_width'],
    ['lone \ud800 surrogate', 'lone _ surrogate'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Lpt1 .log', '_Lpt1 .log'],
    ['COM¹', '_COM¹'],
    ['console.log', 'console.log'],
    ['-rf', '_-rf'],
    ['~', '~'],
    ['trailing. . ', 'trailing'],
    ['%2e%2e%2f', '%2e%2e%2f'],
  ])('%j becomes %j', (given, expected) => {
    expect(safeName(given)).toBe(expected);
  });

  it('cuts long names between code points, and keeps their extension', () => {
    const long = safeName(`${'x'.repeat(4000)}.tar`);
    expect(long).toBe(`${'x'.repeat(196)}.tar`);
    const wide = safeName(`${'😀'.repeat(1000)}.jpeg`);
    expect(wide).toBe(`${'😀'.repeat(48)}.jpeg`);
    expect(safeName('é'.repeat(2048))).toBe('é'.repeat(100));
    expect(utf8Bytes(safeName(`a.${'y'.repeat(300)}`))).toBe(MAX_SAFE_NAME_BYTES);
    expect(safeName(`${'x'.repeat(199)}. ${'y'.repeat(50)}`)).toBe('x'.repeat(199));
  });

  it('takes time in proportion to its input', () => {
    expect(safeName(' '.repeat(1_000_000))).toBe('file');
    expect(safeName(`${'. '.repeat(500_000)}x`)).toHaveLength(MAX_SAFE_NAME_BYTES);
  });
});

describe('the layout under a root', () => {
  it('keeps every path of any upload within its own folders', () => {
    const layout = createLayout('/srv/uploads');
    fc.assert(
      fc.property(text, fc.nat(), (name, number) => {
        const upload = { id: idOf(number), name };
        const published = layout.published(upload);
        expect(published).toBe(`/srv/uploads/files/${upload.id}/${safeName(name)}`);
        expect(published).toBe(`/srv/uploads/${layout.publishedRelative(upload)}`);
      }),
    );
  });

  it.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    idOf(10).toLowerCase(),
    `${idOf(1)}\0`,
    `${idOf(1)}/..`,
    `8${'0'.repeat(25)}`,
  ])('makes no path of %j, which is no upload id', (id) => {
    const layout = createLayout('/srv/uploads');
    for (const path of [
      () => layout.stagingEntry(id),
      () => layout.fileFolder(id),
      () => layout.assembled(id),
      () => layout.copied(id),
      () => layout.chunkFile(id, { index: 0, hash: 'a'.repeat(64) }),
      () => layout.published({ id, name: 'x' }),
      () => layout.publishedRelative({ id, name: 'x' }),
    ])
      expect(path).toThrow(RangeError);
  });
});
