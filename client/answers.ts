import { UploadError } from '../contract/index.js';
import type { SendAnswer } from './send.js';

interface HeadersLike {
  get(name: string): string | null;
}

/**
 * Retry-After in milliseconds: seconds, or a date.
 * @param now milliseconds since 1970
 * @returns undefined where the header is absent or unreadable
 */
export function retryAfterMs(headers: HeadersLike, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const HINTS: Record<number, string> = {
  401: 'Something in front of the server wants a sign-in (HTTP 401). Check your credentials for it.',
  403: 'Something in front of the server refuses the request (HTTP 403). Check the proxy or firewall.',
  404: 'There is no tRPC endpoint at this address (HTTP 404). Check the URL and its path.',
  407: 'A proxy wants a sign-in (HTTP 407). Check your credentials for it.',
  413: 'A proxy in front of the server refuses bodies of this size (HTTP 413). Use a smaller chunk size on the server, or raise the limit of the proxy.',
  415: 'The server does not take binary bodies (HTTP 415). Add the adapter hook of Chunkwise before the handler of tRPC.',
};

/**
 * The error for an answer that no tRPC server gave. 408, 429, 5xx and pages with a success status may pass: a proxy
 * restarts, a hotel's sign-in page goes away. Every other status stays.
 */
export function protocolError(
  status: number | undefined,
  headers: HeadersLike | undefined,
  now: number,
  cause?: unknown,
): UploadError {
  const passing =
    status === undefined ||
    status === 408 ||
    status === 429 ||
    status >= 500 ||
    (status >= 200 && status < 300);
  const wait = headers && retryAfterMs(headers, now);
  return new UploadError(status === 429 ? 'RATE_LIMITED' : 'PROTOCOL', {
    retryable: passing,
    message:
      status === undefined
        ? undefined
        : (HINTS[status] ??
          `The answer (HTTP ${status}) did not come from a Chunkwise server. Check the address, and any proxy in between.`),
    ...(status === undefined ? {} : { received: status }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    cause,
  });
}

/** An answer that is shaped as tRPC's, with what `httpLink` needs of a response. */
export interface TrpcAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: HeadersLike;
  json(): Promise<unknown>;
}

/** @throws UploadError PROTOCOL unless the answer is JSON in tRPC's shape */
export function checkAnswer(answer: SendAnswer, text: string, now: number): TrpcAnswer {
  const { status, headers } = answer;
  let json: unknown;
  try {
    json = /[/+]json\b/i.test(headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  } catch (cause) {
    throw protocolError(status, headers, now, cause);
  }
  const results = Array.isArray(json) ? json : [json];
  if (results.length === 0 || !results.every(isTrpcShaped)) throw protocolError(status, headers, now);
  return { ok: status >= 200 && status < 300, status, headers, json: async () => json };
}

function isTrpcShaped(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const part = 'result' in value ? value.result : 'error' in value ? value.error : undefined;
  return typeof part === 'object' && part !== null;
}
