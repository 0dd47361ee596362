import { AsyncLocalStorage } from 'node:async_hooks';
import { CHUNK_HEADER, decodeChunkHeader } from '../contract/index.js';
import type { Activity, Visit } from './activity.js';
import { bodyStream, type Way } from './body.js';
import type { OrderedFaults } from './faults.js';

/** One HTTP request on its way to a server of this process. */
export interface WireRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
}

/** The way of requests between clients and servers of this process: no socket, but faults as on one. */
export interface Wire {
  /** Rejects as `fetch` does: with a TypeError where the connection broke, with an AbortError after an abort. */
  carry(request: WireRequest, serve: (request: Request) => Promise<Response>): Promise<Response>;
  /** Counts as a request: what has to be done before one goes out. */
  preparing<Result>(work: () => Result | Promise<Result>): Promise<Result>;
  /** The request that the caller works on, where it came over this wire. */
  visit(): Visit | undefined;
  /** Breaks every connection. */
  cut(): void;
}

export function createWire(faults: OrderedFaults, requests: Activity): Wire {
  const serving = new AsyncLocalStorage<Visit>();
  const connections = new Set<() => void>();

  async function carry(
    request: WireRequest,
    serve: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    const { url, headers, body, signal } = request;
    const bytes = await bytesOf(body);
    if (signal?.aborted) throw aborted();
    const taken = faults.onWire({ ...targetOf(url, headers), bytes: bytes?.byteLength ?? null });
    const visit = requests.enter();
    // Of the connection, as the server sees it.
    const gone = new AbortController();
    return new Promise<Response>((resolve, reject) => {
      const end = () => {
        connections.delete(cut);
        signal?.removeEventListener('abort', abort);
      };
      const lose = (reason: Error) => {
        end();
        gone.abort(reason);
        visit.leave();
        reject(reason);
      };
      const cut = () => lose(broken());
      const abort = () => lose(aborted());
      connections.add(cut);
      signal?.addEventListener('abort', abort, { once: true });

      const strike = taken?.strike;
      if (strike?.kind === 'page') {
        taken?.hit();
        visit.leave();
        end();
        return resolve(page(strike.status, strike.retryAfterMs));
      }
      const at = strike?.kind === 'drop' || strike?.kind === 'stall' ? strike.at : null;
      const fail = () => {
        taken?.hit();
        // What stands still is not at work.
        if (strike?.kind === 'drop') cut();
        else visit.leave();
      };
      if (at === 'request') return fail();
      const way = {
        corrupt: strike?.kind === 'corrupt' ? () => taken?.hit() : null,
        end: at === 'body' ? fail : null,
        gone: gone.signal,
        onProgress: request.onProgress,
      };
      const arrived = async () => serve(arriving(request, bytes, way));
      serving.run(visit, arrived).then((answer) => {
        if (at === 'answer') return fail();
        end();
        visit.leave();
        resolve(answer);
      }, lose);
    });
  }

  return {
    carry,
    async preparing(work) {
      const visit = requests.enter();
      try {
        return await work();
      } finally {
        visit.leave();
      }
    },
    visit: () => serving.getStore(),
    cut() {
      for (const cut of [...connections]) cut();
    },
  };
}

/** The request as the server gets it. */
function arriving({ url, method, headers, body }: WireRequest, bytes: Uint8Array | null, way: Way): Request {
  if (bytes === null)
    return new Request(url, {
      method,
      headers,
      body: (body ?? null) as RequestInit['body'],
      signal: way.gone,
    });
  return new Request(url, {
    method,
    headers: { ...headers, 'content-length': String(bytes.byteLength) },
    body: bodyStream(bytes, way),
    signal: way.gone,
    duplex: 'half',
  } as RequestInit);
}

function targetOf(url: string, headers: Readonly<Record<string, string>>) {
  const header = headers[CHUNK_HEADER];
  const fields = header === undefined ? null : decodeChunkHeader(header);
  const index =
    typeof fields === 'object' && fields !== null && 'index' in fields ? Number(fields.index) : undefined;
  return { call: new URL(url).pathname.split(/[/.]/).at(-1) ?? '', index };
}

/** Bytes that go as a stream of pieces; null for every other body. */
async function bytesOf(body: unknown): Promise<Uint8Array | null> {
  if (body instanceof Uint8Array) return body;
  return body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : null;
}

/** As Node's fetch says it. */
function broken(): TypeError {
  const cause = Object.assign(new Error('The test broke the connection.'), { code: 'ECONNRESET' });
  return new TypeError('fetch failed', { cause });
}

function aborted(): DOMException {
  return new DOMException('The request was aborted.', 'AbortError');
}

function page(status: number, retryAfterMs: number | undefined): Response {
  const headers = new Headers({ 'content-type': 'text/html' });
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  return new Response(`<html><body>${status}</body></html>`, { status, headers });
}
