import { TRPCClientError } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkAnswer } from '../../client/answers.js';
import { toUploadError } from '../../client/errors.js';
import { protocolError } from '../../client/foreign.js';
import { retryAfterMs } from '../../client/retry-after.js';
import { UploadError } from '../../contract/index.js';

const NOW = Date.UTC(2026, 0, 1);
const headers = (values: Record<string, string> = {}) => new Headers(values);

function trpcError(data: Record<string, unknown> | undefined, meta?: Record<string, unknown>) {
  const result = data && { error: { code: -32000, message: 'said by the server', data } };
  return new TRPCClientError('said by the server', { result: result as never, ...(meta ? { meta } : {}) });
}

describe('toUploadError', () => {
  it('returns an UploadError, and one that a tRPC error wraps, as it is', () => {
    const error = new UploadError('NETWORK');
    expect(toUploadError(error)).toBe(error);
    expect(toUploadError(TRPCClientError.from(error))).toBe(error);
  });

  it('keeps all fields of data.upload', () => {
    const upload = { code: 'CHUNK_HASH_MISMATCH', retryable: true, index: 3, expected: 'a', retriesLeft: 9 };
    const error = toUploadError(trpcError({ code: 'CONFLICT', httpStatus: 409, upload }));
    expect(error).toMatchObject({ code: 'CHUNK_HASH_MISMATCH', index: 3, message: 'said by the server' });
    expect(error.data).toEqual(upload);
  });

  it.each([
    ['UNAUTHORIZED', 401, 'UNAUTHORIZED', false],
    ['FORBIDDEN', 403, 'REFUSED', false],
    ['TOO_MANY_REQUESTS', 429, 'RATE_LIMITED', true],
    ['SERVICE_UNAVAILABLE', 503, 'SERVER_BUSY', true],
    ['INTERNAL_SERVER_ERROR', 500, 'INTERNAL', true],
    ['BAD_REQUEST', 400, 'INPUT_INVALID', false],
    ['NOT_FOUND', 404, 'PROTOCOL', false],
    ['PAYLOAD_TOO_LARGE', 413, 'PROTOCOL', false],
    ['SOMETHING_NEW', 401, 'UNAUTHORIZED', false],
    ['SOMETHING_NEW', 429, 'RATE_LIMITED', true],
    ['SOMETHING_NEW', 418, 'REFUSED', false],
    ['SOMETHING_NEW', 599, 'INTERNAL', true],
  ])('maps the plain tRPC error %s (%i) to %s', (code, httpStatus, expected, retryable) => {
    expect(toUploadError(trpcError({ code, httpStatus }))).toMatchObject({ code: expected, retryable });
  });

  it('tells a body that is too large for the adapter as it tells a page of a proxy', () => {
    const error = toUploadError(trpcError({ code: 'PAYLOAD_TOO_LARGE', httpStatus: 413 }));
    expect(error.data.received).toBe(413);
    expect(error.message).toMatch(/^HTTP 413: said by the server\. Raise `maxBodySize`.*`maxChunkSize`/);
  });

  it.each([
    [-32001, 'UNAUTHORIZED', false],
    [-32003, 'REFUSED', false],
    [-32013, 'PROTOCOL', false],
    [-32029, 'RATE_LIMITED', true],
    [-32600, 'INPUT_INVALID', false],
    [-32700, 'INPUT_INVALID', false],
    [-32603, 'INTERNAL', true],
  ])(
    'reads the code %i of an error whose data a formatter left out, in a batch',
    (code, expected, retryable) => {
      const error = new TRPCClientError('said by the server', {
        result: { error: { code, message: 'said by the server' } } as never,
        meta: { response: { status: 207 } },
      });
      expect(toUploadError(error)).toMatchObject({ code: expected, retryable });
    },
  );

  it('reads the status of the answer where a formatter left out the one of the error', () => {
    const failed = (code: number, status: number) =>
      toUploadError(
        new TRPCClientError('said by the server', {
          result: { error: { code, message: 'said by the server', data: { code: 'X' } } } as never,
          meta: { response: { status } },
        }),
      );
    expect(failed(-32603, 503)).toMatchObject({ code: 'SERVER_BUSY', retryable: true });
    expect(failed(-32603, 207)).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(failed(-32003, 207)).toMatchObject({ code: 'REFUSED', retryable: false });
  });

  it('reads Retry-After of a tRPC answer', () => {
    const meta = { response: { status: 429, headers: headers({ 'retry-after': '7' }) } };
    const error = toUploadError(trpcError({ code: 'TOO_MANY_REQUESTS', httpStatus: 429 }, meta));
    expect(error.data.retryAfterMs).toBe(7000);
  });

  it('judges an answer that is not of tRPC by its status', () => {
    const page = (status: number) => toUploadError(trpcError(undefined, { response: { status } }));
    expect(page(502)).toMatchObject({ code: 'PROTOCOL', retryable: true });
    expect(page(413)).toMatchObject({ code: 'PROTOCOL', retryable: false });
  });

  it.each([
    ['a refused connection', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'NETWORK'],
    ['fetch in Node', new TypeError('fetch failed'), 'NETWORK'],
    ['fetch in Firefox', new TypeError('NetworkError when attempting to fetch resource.'), 'NETWORK'],
    ['fetch in Safari', new TypeError('Load failed'), 'NETWORK'],
    ['a time limit', new DOMException('too long', 'TimeoutError'), 'NETWORK'],
    ['a wrapped time limit', TRPCClientError.from(new DOMException('', 'TimeoutError')), 'NETWORK'],
    ['a bug', new TypeError('x is not a function'), 'INTERNAL'],
    ['an abort', new DOMException('Aborted', 'AbortError'), 'CANCELLED'],
    ['a page in JSON.parse', TRPCClientError.from(new SyntaxError('Unexpected <')), 'PROTOCOL'],
    ['a wrapped abort', TRPCClientError.from(new DOMException('AbortError', 'AbortError')), 'CANCELLED'],
    ['a wrapped network failure', TRPCClientError.from(new TypeError('Failed to fetch')), 'NETWORK'],
    ['a zod error', z.string().safeParse(1).error, 'INPUT_INVALID'],
    ['a string', 'oops', 'INTERNAL'],
    ['nothing', undefined, 'INTERNAL'],
  ])('knows %s', (_, thrown, code) => {
    expect(toUploadError(thrown).code).toBe(code);
  });

  it('uses the fallback for what it cannot tell', () => {
    const error = toUploadError(new Error('disk on fire'), { fallback: 'INPUT_INVALID' });
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: 'disk on fire' });
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    [new Date(NOW + 5000).toUTCString(), 5000],
    [new Date(NOW - 5000).toUTCString(), 0],
    ['1.5', 1500],
    ['315360000', 315_360_000_000],
    ['9'.repeat(30), Number.MAX_SAFE_INTEGER],
    ['-1', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('%j is %s ms', (value, expected) => {
    expect(retryAfterMs(headers({ 'retry-after': value }), NOW)).toBe(expected);
  });

  it('measures a date from the clock of the server', () => {
    const theirs = NOW + 3_600_000;
    const sent = {
      date: new Date(theirs).toUTCString(),
      'retry-after': new Date(theirs + 5000).toUTCString(),
    };
    expect(retryAfterMs(headers(sent), NOW)).toBe(5000);
  });
});

describe('an answer', () => {
  const answer = (status: number, type: string) => ({
    ...{ status, headers: headers({ 'content-type': type }) },
    text: async () => '',
  });
  const code = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return error instanceof UploadError ? [error.code, error.retryable] : error;
    }
    return 'accepted';
  };

  it.each([
    ['a result', 200, 'application/json', '{"result":{"data":1}}', 'accepted'],
    ['a batch', 207, 'application/json; charset=utf-8', '[{"result":{}},{"error":{}}]', 'accepted'],
    ['an error', 409, 'application/json', '{"error":{"code":-32009}}', 'accepted'],
    ['a page', 502, 'text/html', '<html>', ['PROTOCOL', true]],
    ['a sign-in page', 200, 'text/html', '<html>', ['PROTOCOL', true]],
    ['broken JSON', 200, 'application/json', '{"resu', ['PROTOCOL', true]],
    ['another JSON', 403, 'application/json', '{"error":"forbidden"}', ['PROTOCOL', false]],
    ['an empty batch', 200, 'application/json', '[]', ['PROTOCOL', true]],
    ['a timeout', 408, 'text/plain', 'slow', ['PROTOCOL', true]],
    ['a redirect', 301, 'text/html', '', ['PROTOCOL', false]],
  ])('%s (%i) is judged', (_, status, type, text, expected) => {
    expect(code(() => checkAnswer(answer(status, type), text, NOW, 'http://a.test/trpc'))).toEqual(expected);
  });

  it('says what to do about a 413, and when to come back after a 503', () => {
    expect(protocolError(413, headers(), NOW).message).toMatch(
      /client_max_body_size in nginx\), or lower `threshold`, `chunkSize` and `maxChunkSize`/,
    );
    expect(protocolError(503, headers({ 'retry-after': '3' }), NOW).data.retryAfterMs).toBe(3000);
  });

  it.each([
    ['https://app.test/login?next=secret', 'to https://app.test/login,'],
    ['/login?token=secret', 'to /login,'],
    ['//other.test/', 'to http://other.test/,'],
    ['javascript:alert(1)', 'elsewhere,'],
    ['http://[', 'elsewhere,'],
    ['', 'elsewhere,'],
  ])('says where a redirect to %j leads, without its query', (location, words) => {
    const { message } = protocolError(302, headers({ location }), NOW);
    expect(message).toContain(`redirects ${words}`);
    expect(message).not.toContain('secret');
  });
});
