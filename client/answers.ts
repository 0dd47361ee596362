import { isSuccess, protocolError } from './foreign.js';
import type { HeadersLike } from './retry-after.js';
import type { SendAnswer } from './send.js';

/** An answer that is shaped as tRPC's, with what tRPC's links need of a response. */
export interface TrpcAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: HeadersLike;
  /** What was asked. */
  readonly url: string;
  json(): Promise<unknown>;
}

/** @throws UploadError as `protocolError` makes it, unless the answer is JSON in tRPC's shape */
export function checkAnswer(answer: SendAnswer, text: string, now: number, url: string): TrpcAnswer {
  const { status, headers } = answer;
  let json: unknown;
  try {
    json = /[/+]json\b/i.test(headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  } catch (cause) {
    throw protocolError(status, headers, now, cause, url);
  }
  const results = Array.isArray(json) ? json : [json];
  if (results.length === 0 || !results.every(isTrpcShaped))
    throw protocolError(status, headers, now, undefined, url);
  return { ok: isSuccess(status), status, headers, url, json: async () => json };
}

function isTrpcShaped(value: unknown): boolean {
  const { result, error } = (value ?? {}) as { result?: unknown; error?: unknown };
  return typeof (result ?? error ?? undefined) === 'object';
}
