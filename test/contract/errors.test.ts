import vm from 'node:vm';
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { describe, expect, test } from 'vitest';
import {
  ERRORS,
  type ErrorCode,
  isErrorCode,
  isUploadError,
  PlainUploadError,
  planFor,
  UploadError,
  type UploadErrorOptions,
} from '../../contract/index.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the table', () => {
  test.each(CODES)('%s has the HTTP status that tRPC gives its code', (code) => {
    const { trpc, status } = ERRORS[code];
    if (trpc === null) expect(status).toBeNull();
    else expect(getHTTPStatusCodeFromError(new TRPCError({ code: trpc }))).toBe(status);
  });

  test.each(CODES)('%s has a message of whole sentences', (code) => {
    expect(ERRORS[code].message).toMatch(/^[A-Z].*\.$/);
  });

  test('only own keys are codes', () => {
    for (const code of CODES) expect(isErrorCode(code)).toBe(true);
    for (const value of [
      'constructor',
      '__proto__',
      'toString',
      '',
      'internal',
      5,
      null,
      undefined,
      ['NETWORK'],
    ])
      expect(isErrorCode(value)).toBe(false);
  });
});

describe('UploadError', () => {
  test.each(CODES)('%s takes message and retryable from the table', (code) => {
    const error = new UploadError(code);
    expect(error).toMatchObject({ name: 'UploadError', code, message: ERRORS[code].message });
    expect(error.retryable).toBe(ERRORS[code].retryable);
    expect(error.data).toEqual({ code, retryable: ERRORS[code].retryable });
    expect('cause' in error).toBe(false);
  });

  test('carries every detail as data, and nothing that was not given', () => {
    const details: UploadErrorOptions = {
      retryAfterMs: 0,
      index: 0,
      expected: 'a',
      received: 0,
      retriesLeft: 0,
      plan: planFor(1),
      status: 'completed',
      path: 'files/x/y',
    };
    const error = new UploadError('UPLOAD_CLOSED', {
      ...details,
      uploadId: 'id',
      index: 0,
      message: 'own words',
    });
    expect(error.data).toEqual({ code: 'UPLOAD_CLOSED', retryable: false, ...details });
    expect(error).toMatchObject({ message: 'own words', uploadId: 'id', index: 0 });
    const sparse = new UploadError('UPLOAD_CLOSED', {
      path: undefined,
      status: 'gone',
    } as UploadErrorOptions);
    expect(Object.keys(sparse.data)).toEqual(['code', 'retryable', 'status']);
  });

  test('keeps its cause, and an overridden retryable in both places', () => {
    const cause = new Error('ENOSPC');
    const error = new UploadError('PROTOCOL', { retryable: false, cause });
    expect(error.cause).toBe(cause);
    expect([error.retryable, error.data.retryable]).toEqual([false, false]);
  });

  test('its data survives JSON', () => {
    const error = new UploadError('PLAN_MISMATCH', { plan: planFor(2 ** 30) });
    expect(JSON.parse(JSON.stringify(error.data))).toEqual(error.data);
  });
});

describe('the error as clients make it', () => {
  test.each(CODES)('%s has words, and is one for instanceof', (code) => {
    const error = new PlainUploadError(code);
    expect(error.message).toMatch(/^[A-Z].*\.$/);
    expect(error).toMatchObject({ name: 'UploadError', retryable: ERRORS[code].retryable });
    expect(error).toBeInstanceOf(UploadError);
    expect(new UploadError(code)).toBeInstanceOf(PlainUploadError);
  });

  test('nothing else is one', () => {
    for (const other of [new Error('x'), null, { name: 'UploadError', code: 'NETWORK' }])
      expect(other).not.toBeInstanceOf(UploadError);
  });

  test('has the words of the table where clients make it', () => {
    for (const code of ['INPUT_INVALID', 'NETWORK', 'FILE_CHANGED', 'CANCELLED', 'PROTOCOL'] as const)
      expect(new PlainUploadError(code).message).toBe(ERRORS[code].message);
  });
});

describe('isUploadError', () => {
  test('holds for its own, and for one of a second copy of the package', () => {
    class UploadError2 extends Error {
      override readonly name = 'UploadError';
      readonly code = 'NETWORK';
    }
    expect(isUploadError(new UploadError('INTERNAL'))).toBe(true);
    expect(isUploadError(new UploadError2())).toBe(true);
  });

  test('holds across realms', () => {
    const foreign: unknown = vm.runInNewContext(
      "Object.assign(new Error('x'), { name: 'UploadError', code: 'NETWORK' })",
    );
    expect(foreign).not.toBeInstanceOf(Error);
    expect(isUploadError(foreign)).toBe(true);
  });

  test('holds for nothing else', () => {
    const named = (name: string, code: unknown) => Object.assign(new Error('x'), { name, code });
    const others: unknown[] = [null, undefined, 'UploadError', 5, {}, new Error('x'), new TypeError('x')];
    others.push(named('UploadError', 'ENOENT'), named('Error', 'NETWORK'), named('UploadError', undefined));
    others.push({ name: 'UploadError', code: 'NETWORK' });
    for (const other of others) expect(isUploadError(other)).toBe(false);
  });
});
