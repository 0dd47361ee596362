import { type HTTPLinkOptions, httpLink, type TRPCLink } from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import {
  CHUNK_HEADER,
  type ChunkInput,
  type Clock,
  clientClock,
  encodeChunkHeader,
  MAX_CHUNK_HEADER_BYTES,
  UploadError,
} from '../contract/for-clients.js';
import { hasXhr, xhrSender } from './browser/xhr-sender.js';
import { checkedFetch } from './exchange.js';
import { plainHeaders } from './headers.js';
import { fetchSender, type Sender } from './send.js';

/** Key in an operation's context under which a call may leave `(sentBytes: number) => void`. */
export const ON_UPLOAD_PROGRESS = 'onUploadProgress';

/**
 * `httpLink`'s options (`url`, `headers`, `transformer`, `fetch`, ...), and how chunks travel. `headers` may be a
 * function; it is called for each request, so a retry gets a fresh token.
 */
export type UploadLinkOptions<Router extends AnyTRPCRouter> = HTTPLinkOptions<
  Router['_def']['_config']['$types']
> & {
  /** How a request is sent. @default `xhrSender()` where there is XMLHttpRequest and no `fetch` was given, else `fetch` */
  send?: Sender;
  clock?: Clock;
};

/**
 * Takes the calls whose input is a chunk with its binary `data`: the bytes become the body of a POST, the other fields
 * one header. Everything else goes to the next link:
 * `links: [uploadLink({ url }), httpBatchLink({ url, maxItems: 100 })]`.
 */
export function uploadLink<Router extends AnyTRPCRouter = AnyTRPCRouter>(
  options: UploadLinkOptions<Router>,
): TRPCLink<Router> {
  const clock = options.clock ?? clientClock;
  const send =
    options.send ??
    (options.fetch === undefined && hasXhr()
      ? xhrSender({ clock })
      : fetchSender(options.fetch as typeof fetch | undefined));
  return (runtime) =>
    ({ op, next }) => {
      if (!isChunkInput(op.input)) return next(op);
      const { data, ...fields } = op.input;
      const header = encodeChunkHeader(fields);
      const onProgress = op.context[ON_UPLOAD_PROGRESS];
      // An empty binary input makes httpLink choose its binary way, with its URL, transformer and error handling.
      const carrier = httpLink<Router>({
        ...options,
        headers: async () => ({
          ...plainHeaders(
            typeof options.headers === 'function' ? await options.headers({ op }) : options.headers,
          ),
          [CHUNK_HEADER]: header,
        }),
        fetch: checkedFetch(async (request) => {
          if (header.length > MAX_CHUNK_HEADER_BYTES) throw new UploadError('INPUT_INVALID');
          return send({
            ...request,
            // Without what the uploader has put on it against other links.
            body: 'subarray' in data ? data.subarray() : data,
            onProgress: typeof onProgress === 'function' ? (sent) => onProgress(sent) : undefined,
          });
        }, clock),
      } as HTTPLinkOptions<Router['_def']['_config']['$types']>);
      return carrier(runtime)({ op: { ...op, input: new Uint8Array(0) }, next });
    };
}

function isChunkInput(input: unknown): input is ChunkInput {
  const { uploadId, data } = (input ?? {}) as Partial<ChunkInput>;
  return uploadId !== undefined && (data instanceof Uint8Array || data instanceof Blob);
}
