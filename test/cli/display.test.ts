import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../cli/failure.js';
import { drawRow, fileRow, totalRow } from '../../cli/progress/draw.js';
import { lookForStall, noStall } from '../../cli/progress/stall.js';
import { columnsOf, fit, formatClock, formatDuration, jsonLine, printable } from '../../cli/text.js';
import type { TaskState } from '../../client/index.js';
import { ERRORS, type ErrorCode, parseSize, UploadError, writeSize } from '../../contract/index.js';

const MiB = 2 ** 20;

function state(change: Partial<TaskState> = {}): TaskState {
  return {
    phase: 'uploading',
    name: 'film.mov',
    size: 1000 * MiB,
    bytes: 500 * MiB,
    fraction: 0.5,
    chunks: 62,
    total: 125,
    hashedBytes: 1000 * MiB,
    hashTotalBytes: 1000 * MiB,
    speed: 100 * MiB,
    etaMs: 5000,
    retries: 0,
    retrying: null,
    resumed: false,
    uploadId: null,
    path: null,
    error: null,
    ...change,
  };
}

describe('a line of progress', () => {
  it('has all there is to say on a usual terminal', () => {
    expect(drawRow(fileRow('film.mov', state(), false), 79, false)).toBe(
      'uploading  film.mov       ████▒▒▒▒  50%  500 MiB/1000 MiB  100 MiB/s  0:05 left',
    );
    const hashing = state({ phase: 'hashing', bytes: 0, fraction: 0, hashedBytes: 250 * MiB });
    expect(drawRow(fileRow('film.mov', hashing, false), 79, false)).toBe(
      'hashing    film.mov       ▒▒░░░░░░   0%  250 MiB/1000 MiB  100 MiB/s  0:05 left',
    );
    const total = totalRow([state()], { files: 3, bytes: 1000 * MiB }, { files: 5, bytes: 4000 * MiB });
    expect(drawRow(total, 79, false)).toBe(
      'total      3/5 files      ███░░░░░  37% 1.46 GiB/3.91 GiB  100 MiB/s  0:25 left',
    );
  });

  it('shows 100% of all files only when all are completed', () => {
    const all = { files: 2, bytes: 2000 * MiB };
    const done = { files: 1, bytes: 1000 * MiB };
    const assembling = state({ phase: 'assembling', bytes: 1000 * MiB, fraction: 0.999 });
    expect(drawRow(totalRow([assembling], done, all), 79, false)).toContain(' 99% ');
    // The second one was sent whole, and refused.
    expect(drawRow(totalRow([], { files: 1, bytes: 2000 * MiB }, all), 79, false)).toContain(' 99% ');
    expect(drawRow(totalRow([], { files: 2, bytes: 2000 * MiB }, all), 79, false)).toContain(' 100% ');
  });

  it('says that it waits rather than anything else', () => {
    const row = fileRow('film.mov', state({ speed: null, etaMs: null }), true);
    expect(drawRow(row, 60, false)).toContain('waiting for the server…');
  });

  it('fits any terminal, whatever the name and the numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 300 }),
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.nat({ max: 2 ** 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        (columns, name, size, fraction, waiting) => {
          const shown = state({ size, bytes: Math.floor(size * fraction), fraction, etaMs: fraction * 3e6 });
          expect(
            columnsOf(drawRow(fileRow(printable(name), shown, waiting), columns, false)),
          ).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});

describe('waiting for the server', () => {
  it('begins with a failed request and ends when something moves', () => {
    const looks = [
      state({ retries: 0 }),
      state({ retries: 4, speed: null }),
      state({ retries: 5, speed: null }),
      state({ retries: 5, speed: null, chunks: 63 }),
      state({ retries: 6, speed: null, chunks: 63 }),
      state({ retries: 6, speed: 1, chunks: 63 }),
    ];
    let stall = noStall;
    const waiting = looks.map((look) => {
      stall = lookForStall(stall, look);
      return stall.waiting;
    });
    expect(waiting).toEqual([false, true, true, false, true, false]);
  });
});

describe('text', () => {
  it('fits exactly, cut in the middle', () => {
    expect(fit('a-long-file-name.tar.gz', 12)).toBe('a-long…ar.gz');
    expect(fit('東京の写真.jpg', 9)).toBe('東京….jpg');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 60 }), (text, columns) => {
        expect(columnsOf(fit(printable(text), columns))).toBe(columns);
      }),
    );
  });

  it('of others cannot steer the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        const json = jsonLine({ [text]: text });
        expect(json).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(JSON.parse(json)).toEqual({ [text]: text });
      }),
    );
  });

  it('shows times as people read them', () => {
    expect([0, 1234, 59_949, 59_999, 3_600_000].map(formatDuration)).toEqual([
      '0.0 s',
      '1.2 s',
      '59.9 s',
      '1:00',
      '1:00:00',
    ]);
    expect([0, 4_000, 61_000, 11_400_000].map(formatClock)).toEqual(['0:00', '0:04', '1:01', '3:10:00']);
  });

  it('writes sizes so that they can be read back', () => {
    expect([0, 1023, 1024, 8 * MiB, 8 * MiB + 1, 5 * 2 ** 40].map(writeSize)).toEqual([
      '0',
      '1023',
      '1KiB',
      '8MiB',
      '8388609',
      '5TiB',
    ]);
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSize(writeSize(bytes))).toBe(bytes);
      }),
    );
  });
});

describe('a failure in one line', () => {
  const address = new URL('http://uploads.example:8090/trpc');
  const network = (code: string) =>
    new UploadError('NETWORK', { cause: Object.assign(new Error(code), { code }) });

  it.each([
    [network('ECONNREFUSED'), /^Nothing answers at http:\/\/uploads\.example:8090\. Check --to/],
    [network('ENOTFOUND'), /^The host uploads\.example is not known here/],
    [network('EPROTO'), /does not speak TLS/],
    [network('CERT_HAS_EXPIRED'), /cannot be reached \(CERT_HAS_EXPIRED\)/],
    [new UploadError('UNAUTHORIZED'), /--token or CHUNKWISE_TOKEN/],
    [new UploadError('PROTOCOL', { received: 421 }), /--allowed-host uploads\.example/],
    [new UploadError('QUOTA_EXCEEDED'), /would exceed your quota/],
    [new TypeError('x is not a function\n    at y (z.js:1:2)'), /^x is not a function$/],
    ['a thrown text\nwith lines', /^a thrown text$/],
  ])('%s', (error, words) => {
    const sentence = sentenceOf(error, address);
    expect(sentence).toMatch(words);
    expect(sentence).not.toContain('\n');
  });

  it('never shows what an address holds beside the place', () => {
    const secret = new URL('https://ann:s3cret@uploads.example/trpc?key=s3cret#s3cret');
    for (const code of Object.keys(ERRORS) as ErrorCode[])
      expect(sentenceOf(new UploadError(code), secret)).not.toContain('s3cret');
    expect(sentenceOf(new UploadError('PROTOCOL'), secret)).toMatch(/at https:\/\/uploads\.example\/trpc$/);
  });

  it('names the cause of what goes wrong on this machine, once', () => {
    const full = new UploadError('STORAGE_FULL', {
      cause: new Error('ENOSPC: no space left on device\n  at x'),
    });
    expect(sentenceOf(full)).toMatch(/room\. \(ENOSPC: no space left on device\)$/);
    const locked = new UploadError('STORE_UNAVAILABLE', {
      message: 'in use',
      cause: new Error('UploadError: in use'),
    });
    expect(sentenceOf(locked)).toBe('in use');
  });
});
