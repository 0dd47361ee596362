import { type Clock, isUploadError, UploadError } from '../contract/index.js';
import { checkAnswer, type TrpcAnswer } from './answers.js';
import type { Sender, SendRequest } from './send.js';

/**
 * Sends a request of tRPC and reads its whole answer.
 * @throws UploadError NETWORK where there was none, PROTOCOL where it was not tRPC's; an AbortError after an abort
 */
export async function exchange(send: Sender, request: SendRequest, clock: Clock): Promise<TrpcAnswer> {
  try {
    const answer = await send(request);
    return checkAnswer(answer, await answer.text(), clock.now());
  } catch (cause) {
    if (request.signal?.aborted) throw new DOMException('The request was aborted.', 'AbortError');
    throw isUploadError(cause) ? cause : new UploadError('NETWORK', { cause });
  }
}

/** What tRPC's links call `fetch` with. */
interface FetchInit {
  method?: string | undefined;
  headers?: unknown;
  body?: unknown;
  signal?: AbortSignal | null | undefined;
}

/**
 * A `fetch` for `httpLink` and `httpBatchLink` that goes through a sender and checks answers as `uploadLink` does, so
 * that a proxy's page is told from tRPC's errors in every call.
 */
export function checkedFetch(send: Sender, clock: Clock) {
  return (url: unknown, init: FetchInit = {}): Promise<TrpcAnswer> =>
    exchange(
      send,
      {
        url: String(url),
        method: init.method ?? 'GET',
        headers: plainHeaders(init.headers),
        body: typeof init.body === 'string' ? new TextEncoder().encode(init.body) : undefined,
        signal: init.signal ?? undefined,
      },
      clock,
    );
}

/** Header values as tRPC gives them (an object, or pairs), without those that are undefined. */
export function plainHeaders(headers: unknown): Record<string, string> {
  const plain: Record<string, string> = {};
  if (typeof headers !== 'object' || headers === null) return plain;
  const pairs: Iterable<[string, unknown]> =
    Symbol.iterator in headers ? (headers as Iterable<[string, unknown]>) : Object.entries(headers);
  for (const [name, value] of pairs)
    if (value !== undefined)
      plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
  return plain;
}
