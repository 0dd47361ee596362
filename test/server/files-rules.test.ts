import { validateHeaderValue } from 'node:http';
import contentDisposition from 'content-disposition';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { preconditionStatus, rangeApplies, type Validators } from '../../server/files/conditions.js';
import { contentHeaders } from '../../server/files/headers.js';
import { httpDate, parseHttpDate } from '../../server/files/http-date.js';
import { rangeOf } from '../../server/files/range.js';
import type { StoredFile } from '../../server/files/types.js';
import { safeName } from '../../server/stores/safe-name.js';

describe('a range', () => {
  it.each<[string | null, number, ReturnType<typeof rangeOf>]>([
    [null, 10, 'whole'],
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=3-5', 10, { start: 3, end: 5 }],
    ['BYTES= 3-5 ', 10, { start: 3, end: 5 }],
    ['bytes=9-', 10, { start: 9, end: 9 }],
    ['bytes=9-9999999999999999999999', 10, { start: 9, end: 9 }],
    ['bytes=-4', 10, { start: 6, end: 9 }],
    ['bytes=-400000000000000000000', 10, { start: 0, end: 9 }],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=99999999999999999999999999-', 10, 'unsatisfiable'],
    ['bytes=5-3', 10, 'whole'],
    ['bytes=-', 10, 'whole'],
    ['bytes=0-1,3-4', 10, 'whole'],
    ['bytes=a-b', 10, 'whole'],
    ['bytes=0x1-2', 10, 'whole'],
    ['bytes=+1-2', 10, 'whole'],
    ['bytes=1-2-3', 10, 'whole'],
    ['bytes=--5', 10, 'whole'],
    ['bytes=1.5-2', 10, 'whole'],
    ['items=0-1', 10, 'whole'],
    ['bytes', 10, 'whole'],
    ['bytes=0-', 0, 'whole'],
    ['bytes=5-', 0, 'whole'],
    ['bytes=-5', 0, 'whole'],
  ])('%j of %i bytes', (header, size, expected) => {
    expect(rangeOf(header, size)).toEqual(expected);
  });

  it('is what the definition says, for every file and every range', () => {
    const position = fc.option(fc.nat(40), { nil: null });
    fc.assert(
      fc.property(fc.nat(30), position, position, (size, first, last) => {
        const file = [...Array(size).keys()];
        const answer = rangeOf(`bytes=${first ?? ''}-${last ?? ''}`, size);
        const wanted =
          first === null
            ? file.slice(Math.max(0, size - (last ?? 0)))
            : file.filter((byte) => byte >= first && byte <= (last ?? size));
        if (typeof answer === 'object') expect(file.slice(answer.start, answer.end + 1)).toEqual(wanted);
        else if (answer === 'unsatisfiable') expect(wanted).toEqual([]);
        else
          expect(size === 0 || (first === null ? last === null : last !== null && last < first)).toBe(true);
      }),
    );
  });

  it('of any text is within the file, or none', () => {
    const noise = fc.oneof(
      fc.string(),
      fc.stringMatching(/^bytes=[-0-9, ]*$/),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(noise, fc.nat(1000), (header, size) => {
        const answer = rangeOf(header, size);
        if (typeof answer !== 'object') return;
        expect(answer.start).toBeGreaterThanOrEqual(0);
        expect(answer.end).toBeGreaterThanOrEqual(answer.start);
        expect(answer.end).toBeLessThan(size);
      }),
    );
  });
});

describe('an HTTP date', () => {
  test('has three forms, in whatever zone the server is', () => {
    const zone = process.env.TZ;
    try {
      for (process.env.TZ of ['UTC', 'America/New_York', 'Asia/Kolkata'])
        for (const text of [
          'Sun, 06 Nov 1994 08:49:37 GMT',
          'Sunday, 06-Nov-94 08:49:37 GMT',
          'Sun Nov  6 08:49:37 1994',
        ])
          expect(parseHttpDate(text), text).toBe(784_111_777);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseHttpDate(httpDate(seconds))).toBe(seconds);
      }),
    );
  });

  test.each([
    null,
    '',
    '0',
    '1994',
    '2020-01-01T00:00:00Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 99 Zzz 1994 08:49:37 GMT',
  ])('%j is none', (text) => expect(parseHttpDate(text)).toBeNull());
});

describe('conditions', () => {
  const etag = '"ab-1"';
  const modifiedAt = 784_111_777;
  const file: Validators = { etag, modifiedAt };
  const [before, same, after] = [-1, 0, 1].map((by) => httpDate(modifiedAt + by)) as [string, string, string];
  const from = (headers: Record<string, string>) => (name: string) => headers[name] ?? null;

  test.each<[Record<string, string>, 304 | 412 | null]>([
    [{}, null],
    [{ 'if-match': etag }, null],
    [{ 'if-match': '*' }, null],
    [{ 'if-match': `"x", ${etag}` }, null],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-match': 'ab-1' }, 412],
    [{ 'if-match': '' }, 412],
    [{ 'if-unmodified-since': same }, null],
    [{ 'if-unmodified-since': after }, null],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-unmodified-since': 'yesterday' }, null],
    // If-Match decides alone where it is there.
    [{ 'if-match': etag, 'if-unmodified-since': before }, null],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `W/${etag}` }, 304],
    [{ 'if-none-match': `"a,b", W/${etag} , "c"` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"x"' }, null],
    [{ 'if-none-match': `"x${etag}` }, null],
    [{ 'if-modified-since': same }, 304],
    [{ 'if-modified-since': after }, 304],
    [{ 'if-modified-since': before }, null],
    [{ 'if-modified-since': 'tomorrow' }, null],
    // If-None-Match decides alone where it is there.
    [{ 'if-none-match': '"x"', 'if-modified-since': same }, null],
    [{ 'if-match': '"x"', 'if-none-match': etag }, 412],
    [{ 'if-match': etag, 'if-none-match': etag }, 304],
  ])('%j: %j', (headers, status) => {
    expect(preconditionStatus(from(headers), file)).toBe(status);
  });

  test.each<[string | undefined, boolean]>([
    [undefined, true],
    [etag, true],
    [` ${etag} `, true],
    [`W/${etag}`, false],
    ['"x"', false],
    ['*', false],
    [same, true],
    [after, false],
    [before, false],
    ['nonsense', false],
    ['', false],
  ])('If-Range %j: %j', (header, applies) => {
    expect(rangeApplies(from(header === undefined ? {} : { 'if-range': header }), file)).toBe(applies);
  });

  test('of any text are answered', () => {
    const names = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' })), (headers) => {
        expect([null, 304, 412]).toContain(preconditionStatus(from(headers), file));
      }),
    );
  });
});

describe('what a file is served as', () => {
  const stored = (over: Partial<StoredFile>) => ({ name: 'a.bin', type: null, ...over }) as StoredFile;

  test('its name goes through the header and comes back, whatever it is', () => {
    const names = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('"', '\\', ';', '\r', '\n', '/', '%', '\ud800', '\u202e', 'é', '€', '.'),
      }),
    );
    fc.assert(
      fc.property(names, (name) => {
        const header = contentHeaders(stored({ name }), {})['content-disposition'] ?? '';
        validateHeaderValue('content-disposition', header);
        expect(new Headers({ 'content-disposition': header }).get('content-disposition')).toBe(header);
        expect(contentDisposition.parse(header)).toMatchObject({
          type: 'attachment',
          parameters: { filename: safeName(name) },
        });
      }),
      {
        examples: [
          ['../../etc/passwd'],
          ['a\r\nset-cookie: b=c'],
          ['\u202egnp.exe'],
          ['%41.txt'],
          ['\udfff'],
        ],
      },
    );
  });

  test.each<[string | null, string]>([
    ['image/png', 'image/png'],
    ['IMAGE/JPEG; q=1', 'image/jpeg'],
    ['video/mp4', 'video/mp4'],
    ['audio/x-wav', 'audio/x-wav'],
    ['application/pdf', 'application/pdf'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['text/plain; charset=utf-7', 'text/plain; charset=utf-8'],
  ])('%j is shown where that is asked for', (type, shown) => {
    expect(contentHeaders(stored({ type }), { disposition: 'inline' })).toEqual({
      'content-type': shown,
      'content-disposition': 'inline; filename="a.bin"',
    });
    expect(contentHeaders(stored({ type }), {})['content-type']).toBe('application/octet-stream');
  });

  test.each([
    null,
    '',
    'text/html',
    'image/svg+xml',
    'image/svg',
    'image/png+xml',
    'video/x+xml',
    'video/',
    'video/mp4\r\nx: y',
    'application/xhtml+xml',
    'application/javascript',
    'text/xml',
    'image/png, text/html',
    'multipart/x-mixed-replace',
  ])('%j is saved, whatever is asked for', (type) => {
    expect(contentHeaders(stored({ type }), { disposition: 'inline', name: 'b.html' })).toEqual({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="b.html"',
    });
  });
});
