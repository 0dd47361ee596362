import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, judge, type RetryRules } from '../../client/retry.js';
import { ERRORS, type ErrorCode, UploadError } from '../../contract/index.js';

const RULES: RetryRules = { retries: 5, patienceMs: 600_000, minBackoffMs: 300, maxBackoffMs: 30_000 };
const fresh = { failures: 0, counted: 0, idleMs: 0 };
const half = { next: () => 0.5 };
const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });
const code = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]));
const stage = fc.constantFrom('begin' as const, 'transfer' as const);

describe('backoff', () => {
  it('lies between its bounds, which double up to the greatest', () => {
    fc.assert(
      fc.property(fc.nat(5000), fraction, (failures, random) => {
        const ms = backoffMs(failures, RULES, { next: () => random });
        expect(ms).toBeGreaterThanOrEqual(300);
        expect(ms).toBeLessThanOrEqual(Math.min(30_000, 300 * 2 ** (failures + 1)));
      }),
    );
  });

  it('spreads over the whole range', () => {
    expect(backoffMs(3, RULES, { next: () => 0 })).toBe(300);
    expect(backoffMs(3, RULES, { next: () => 1 })).toBe(4800);
    expect(backoffMs(60, RULES, { next: () => 1 })).toBe(30_000);
  });
});

describe('the verdict', () => {
  it('never waits less than Retry-After, nor beyond the patience', () => {
    const input = fc.record({
      code,
      stage,
      failures: fc.nat(50),
      counted: fc.nat(10),
      idleMs: fc.nat(700_000),
      retryAfterMs: fc.option(fc.nat(1_000_000), { nil: undefined }),
      random: fraction,
    });
    fc.assert(
      fc.property(input, ({ code, stage, retryAfterMs, random, ...state }) => {
        const error = new UploadError(code, retryAfterMs === undefined ? {} : { retryAfterMs });
        const verdict = judge(error, stage, state, RULES, { next: () => random });
        if (!verdict.retry) return;
        expect(verdict.afterMs).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
        expect(verdict.afterMs).toBeLessThanOrEqual(RULES.patienceMs);
        if (verdict.counted) expect(state.counted).toBeLessThan(RULES.retries);
        else expect(state.idleMs + verdict.afterMs).toBeLessThanOrEqual(RULES.patienceMs);
      }),
    );
  });

  it('gives up at once on what the table calls permanent, except answers that blame the chunk', () => {
    fc.assert(
      fc.property(code, stage, (code, stage) => {
        const permanent = !ERRORS[code].retryable && code !== 'INTERNAL';
        const verdict = judge(new UploadError(code), stage, fresh, RULES, half);
        expect(verdict.retry).toBe(!permanent);
      }),
    );
  });

  it.each(['CHUNK_HASH_MISMATCH', 'CHUNK_INCOMPLETE', 'INTERNAL'] as const)('counts %s', (code) => {
    const ask = (counted: number) =>
      judge(new UploadError(code), 'transfer', { ...fresh, counted }, RULES, half);
    expect(ask(4)).toMatchObject({ retry: true, counted: true });
    expect(ask(5)).toEqual({ retry: false });
  });

  it('counts network failures before init has answered, and has patience afterwards', () => {
    const error = new UploadError('NETWORK');
    const many = { failures: 100, counted: 5, idleMs: 599_000 };
    expect(judge(error, 'begin', many, RULES, half)).toEqual({ retry: false });
    expect(judge(error, 'transfer', many, RULES, half)).toMatchObject({ retry: true, counted: false });
    expect(judge(error, 'transfer', { ...many, idleMs: 600_000 }, RULES, half)).toEqual({ retry: false });
  });

  it('has patience with a page in place of the server, once the server has answered', () => {
    const page = (received: number) => new UploadError('PROTOCOL', { retryable: false, received });
    const ask = (status: number, stage: 'begin' | 'transfer') =>
      judge(page(status), stage, fresh, RULES, half).retry;
    expect([302, 403, 404, 421].map((status) => ask(status, 'transfer'))).toEqual([true, true, true, true]);
    expect(
      [401, 407, 413, 414, 415, 431, 451, 501, 505].map((status) => ask(status, 'transfer')),
    ).not.toContain(true);
    expect([302, 403, 404, 421].map((status) => ask(status, 'begin'))).not.toContain(true);
  });

  it('waits no longer than a timer can, which would fire at once', () => {
    const error = new UploadError('RATE_LIMITED', { retryAfterMs: 10 * 365 * 24 * 3_600_000 });
    const patient = { ...RULES, patienceMs: Number.MAX_SAFE_INTEGER };
    for (const stage of ['begin', 'transfer'] as const)
      expect(judge(error, stage, fresh, patient, half)).toMatchObject({ afterMs: 2 ** 31 - 1 });
  });

  it('has its last try at the end of the patience', () => {
    const state = { failures: 30, counted: 0, idleMs: 599_900 };
    expect(judge(new UploadError('NETWORK'), 'transfer', state, RULES, half)).toMatchObject({ afterMs: 100 });
  });

  it('obeys an error that says otherwise than the table', () => {
    const page = new UploadError('PROTOCOL', { retryable: false });
    expect(judge(page, 'transfer', fresh, RULES, half)).toEqual({ retry: false });
    const passing = new UploadError('INTERNAL', { retryable: true });
    const verdict = judge(passing, 'transfer', { ...fresh, counted: 5 }, RULES, half);
    expect(verdict).toMatchObject({ retry: true, counted: false });
  });
});
