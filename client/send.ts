import { protocolError } from './foreign.js';

/** One HTTP request, as this package needs it. */
export interface SendRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob | Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
  /** Told how many bytes of the body have left so far, where the runtime can tell. */
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
}

export interface SendAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** The whole body. */
  text(): Promise<string>;
}

/**
 * Sends one request. Obligations: an answer of any status resolves; anything else rejects; a redirect is not followed,
 * so that a chunk goes where it was told to (where the runtime follows all the same, what comes of it is an error); an
 * abort rejects at once and closes the connection where the body is still on its way; nothing is retried; no request
 * hangs for ever where the runtime lets it be noticed.
 */
export type Sender = (request: SendRequest) => Promise<SendAnswer>;

/** Sends by `fetch`, which cannot tell how much of a body has left: `onProgress` is not called. */
export function fetchSender(fetchLike: typeof fetch = fetch): Sender {
  return async ({ url, method, headers, body, signal }) => {
    const answer = await fetchLike(url, {
      method,
      headers,
      // A browser tells of a redirect only that it was one: status 0.
      redirect: 'manual',
      body: body as Blob | Uint8Array<ArrayBuffer> | undefined,
      signal,
    });
    if (!answer.redirected) return answer;
    // A `fetch` of the caller's own that follows all the same. What was sent may have got lost on the way.
    await answer.body?.cancel().catch(() => {});
    throw protocolError(0, new Headers({ location: answer.url }), 0);
  };
}
