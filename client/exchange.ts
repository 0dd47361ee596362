import { type Clock, clientClock, isUploadError } from '../contract/for-clients.js';
import { checkAnswer, type TrpcAnswer } from './answers.js';
import { networkError } from './foreign.js';
import { checkedHeaders } from './headers.js';
import { fetchSender, type Sender, type SendRequest } from './send.js';

/** A request with its headers as tRPC gives them. */
interface Outgoing extends Omit<SendRequest, 'headers'> {
  readonly headers: unknown;
}

/**
 * Sends a request of tRPC and reads its whole answer.
 * @throws UploadError NETWORK where there was none, as `protocolError` makes it where it was not tRPC's, INPUT_INVALID
 *   where a header cannot be sent; an AbortError after an abort
 */
export async function exchange(send: Sender, request: Outgoing, clock: Clock): Promise<TrpcAnswer> {
  const headers = checkedHeaders(request.headers);
  try {
    const answer = await send({ ...request, headers });
    return checkAnswer(answer, await answer.text(), clock.now(), request.url);
  } catch (cause) {
    if (request.signal?.aborted) throw new DOMException('The request was aborted.', 'AbortError');
    throw isUploadError(cause) && cause.code !== 'NETWORK' ? cause : networkError(cause, request.url);
  }
}

/** What tRPC's links call `fetch` with. */
export interface FetchInit {
  method?: string | undefined;
  headers?: unknown;
  body?: unknown;
  signal?: AbortSignal | null | undefined;
}

/**
 * A `fetch` for `httpLink` and `httpBatchLink` that goes through a sender and checks answers as `uploadLink` does, so
 * that a proxy's page is told from tRPC's errors in every call: `httpBatchLink({ url, fetch: checkedFetch() })`.
 * @param send how a request is sent; default: `fetch`
 */
export function checkedFetch(send: Sender = fetchSender(), clock: Clock = clientClock) {
  return (url: unknown, init: FetchInit = {}): Promise<TrpcAnswer> =>
    exchange(
      send,
      {
        url: String(url),
        method: init.method ?? 'GET',
        headers: init.headers,
        body: typeof init.body === 'string' ? new TextEncoder().encode(init.body) : undefined,
        signal: init.signal ?? undefined,
      },
      clock,
    );
}
