import { CHUNK_CONTENT_TYPE, CHUNK_HEADER, type Clock, UploadError } from '../contract/index.js';
import type { BodySource } from './receive/body/body.js';
import { type NodeRequest, nodeBody } from './receive/body/node.js';
import { webBody } from './receive/body/web.js';

/** What the upload procedures need of the HTTP request. Nothing of its body is read before a procedure asks. */
export interface UploadRequest {
  /** The chunk header, or null: this is no chunk request, or a call from the server's own code. */
  readonly header: string | null;
  /** The server's own code calls: there is no HTTP request. */
  readonly isLocal: boolean;
  /**
   * The body, once: a second call of the same HTTP request (a batch) gets none.
   * @throws UploadError ADAPTER_MISSING, INPUT_INVALID
   */
  takeBody(): BodySource;
  /** Gives up a body that was not read. */
  discard(): void;
}

/** The member that `context()` adds to the context of the user's tRPC root. */
export interface UploadsContext {
  chunkwise: UploadRequest;
}

/**
 * What tRPC's adapters hand to `createContext`: node:http, node:http2, Express, Fastify, fetch; and Hono's own context.
 */
export interface ContextSource {
  req: NodeRequest | Request | { raw: NodeRequest | Request };
}

/** Set by the adapter hooks on a request whose body they kept from tRPC. For all copies of this package in a process. */
const KEPT = Symbol.for('chunkwise.body-kept');

type MaybeKept = NodeRequest & { body?: unknown; [KEPT]?: boolean };

export function isChunkRequest(request: Pick<NodeRequest, 'method' | 'headers'>): boolean {
  return (
    request.method === 'POST' &&
    request.headers[CHUNK_HEADER] !== undefined &&
    isChunkContentType(request.headers['content-type'])
  );
}

/**
 * Keeps tRPC away from the body of a chunk request: its conversion to a web stream has no back-pressure, and hangs
 * where the sender dies. Other requests stay as they are.
 */
export function keepBody(request: NodeRequest): void {
  if (!isChunkRequest(request)) return;
  const kept = request as MaybeKept;
  kept[KEPT] = true;
  // tRPC takes a string as the body that was read already.
  kept.body = '';
}

/**
 * @param limits.drainMs how long a refused body may go on arriving before its connection is closed
 */
export function uploadRequest(
  { req }: ContextSource,
  clock: Clock,
  limits: { drainMs: number },
): UploadRequest {
  const source = 'raw' in req ? req.raw : req;
  if (isWebRequest(source)) {
    const { headers } = source;
    const type = headers.get('content-type') ?? undefined;
    // Only now: hosts begin to read a body when it is looked at.
    return once(headers.get(CHUNK_HEADER), type, () =>
      webBody(source.body as ReadableStream<Uint8Array> | null, headers),
    );
  }
  const message: MaybeKept = source;
  const header = message.headers[CHUNK_HEADER];
  return once(typeof header === 'string' ? header : null, message.headers['content-type'], () => {
    if (message[KEPT] !== true) throw new UploadError('ADAPTER_MISSING');
    if (message.readableDidRead)
      throw new UploadError('ADAPTER_MISSING', {
        message: `A body parser before Chunkwise reads ${CHUNK_CONTENT_TYPE}: keep it off the uploads' path.`,
      });
    return nodeBody(message, clock, limits.drainMs);
  });
}

/** For calls from the server's own code, without a request. */
export const noRequest: UploadRequest = {
  header: null,
  isLocal: true,
  takeBody() {
    throw new UploadError('INPUT_INVALID', { message: 'This call has no body.' });
  },
  discard() {},
};

function once(header: string | null, contentType: string | undefined, open: () => BodySource): UploadRequest {
  let body: BodySource | null = null;
  let taken = false;
  return {
    header,
    isLocal: false,
    takeBody() {
      if (!isChunkContentType(contentType))
        throw new UploadError('INPUT_INVALID', {
          message: `A chunk is sent with content-type: ${CHUNK_CONTENT_TYPE}.`,
        });
      if (taken)
        throw new UploadError('INPUT_INVALID', { message: 'A request carries one chunk: do not batch.' });
      taken = true;
      body = open();
      return body;
    },
    discard() {
      body?.discard();
    },
  };
}

/** Not by its class: hosts and frameworks have several, and some replace the global one. */
function isWebRequest(source: NodeRequest | Request): source is Request {
  return typeof source.headers.get === 'function';
}

function isChunkContentType(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === CHUNK_CONTENT_TYPE;
}
