import { type ErrorCode, MAX_TIMER_MS, type Randomness, type UploadError } from '../contract/for-clients.js';
import { isLasting, isSuccess } from './foreign.js';

/** Times in milliseconds. */
export interface RetryRules {
  /** Retries of one chunk for answers that blame the chunk, and of what comes before `init` has answered once. */
  readonly retries: number;
  /** How long an upload may go without progress. */
  readonly patienceMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** What happened to one request so far, this failure not counted. */
export interface AttemptState {
  /** Failures in a row. */
  readonly failures: number;
  /** Those of them that count against `retries`. */
  readonly counted: number;
  /** Since the upload last made progress. */
  readonly idleMs: number;
}

/** 'begin': until `init` has answered once. 'transfer': afterwards. */
export type Stage = 'begin' | 'transfer';

export type Verdict = { retry: true; afterMs: number; counted: boolean } | { retry: false };

/**
 * Answers that blame the chunk's bytes or their way; the bytes are read again and sent again. INTERNAL stands among
 * them where the server does not call it retryable: one failed task of the server should not end an upload, and a
 * server that always fails should.
 */
const BLAMED: ReadonlySet<ErrorCode> = new Set(['CHUNK_HASH_MISMATCH', 'CHUNK_INCOMPLETE', 'INTERNAL']);

const GIVE_UP: Verdict = { retry: false };

/** Whether, and when, a failed request is to be sent again. Pure. */
export function judge(
  error: UploadError,
  stage: Stage,
  state: AttemptState,
  rules: RetryRules,
  random: Randomness,
): Verdict {
  if (stage === 'begin' && isPage(error)) return GIVE_UP;
  const wait = Math.min(MAX_TIMER_MS, error.data.retryAfterMs ?? 0);
  const blamed = BLAMED.has(error.code) && !(error.code === 'INTERNAL' && error.retryable);
  if (blamed || (stage === 'begin' && error.retryable)) {
    if (state.counted >= rules.retries || wait > rules.patienceMs) return GIVE_UP;
    return { retry: true, counted: true, afterMs: Math.max(wait, backoffMs(state.counted, rules, random)) };
  }
  if (!error.retryable && !(stage === 'transfer' && isDetour(error))) return GIVE_UP;
  const left = rules.patienceMs - state.idleMs;
  if (left <= 0 || wait > left) return GIVE_UP;
  // The last try falls on the end of the patience, not beyond it.
  const backoff = Math.min(backoffMs(state.failures, rules, random), left);
  return { retry: true, counted: false, afterMs: Math.max(wait, backoff) };
}

/**
 * A page instead of tRPC, of whatever status. Where the server has answered before, its address is right: a proxy has
 * lost it while it restarts (404), or a network wants a sign-in first (302, 403).
 */
function isDetour({ code, data: { received } }: UploadError): boolean {
  return code === 'PROTOCOL' && typeof received === 'number' && !isLasting(received);
}

/** Before the server has ever answered, a page with a success status tells of a wrong address. */
function isPage({ code, data: { received } }: UploadError): boolean {
  return code === 'PROTOCOL' && typeof received === 'number' && isSuccess(received);
}

/** A page says that there is no tRPC endpoint at its address. */
export function isElsewhere({ code, data: { received } }: UploadError): boolean {
  return code === 'PROTOCOL' && (received === 404 || received === 405);
}

/** Exponential with full jitter: between `minBackoffMs` and a bound that doubles up to `maxBackoffMs`. */
export function backoffMs(failures: number, rules: RetryRules, random: Randomness): number {
  const bound = Math.min(rules.maxBackoffMs, rules.minBackoffMs * 2 ** (failures + 1));
  return rules.minBackoffMs + random.next() * Math.max(0, bound - rules.minBackoffMs);
}
