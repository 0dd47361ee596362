import {
  createTRPCUntypedClient,
  type HTTPBatchLinkOptions,
  httpBatchLink,
  type TRPCUntypedClient,
} from '@trpc/client';
import type { AnyTRPCRouter, TRPCDataTransformer } from '@trpc/server';
import {
  CLIENT_DEFAULTS,
  clientClock,
  type ListInput,
  type ListView,
  MAX_BATCH_CALLS,
  UploadError,
} from '../../contract/for-clients.js';
import type { EngineOptions, UploaderOptions } from '../engine.js';
import { checkedFetch } from '../exchange.js';
import { checkedHeaders } from '../headers.js';
import { type UploadLinkOptions, uploadLink } from '../link.js';
import { createRenewal } from '../renewal.js';
import { createAbortHub, createScope, within } from '../scope.js';
import type { CallOptions, UploadsClient } from '../types.js';
import { createUploader, type Uploader } from '../uploader.js';
import { nodeHasher } from './hasher.js';
import { nodeSender } from './send.js';

type Headers = Record<string, string>;

export interface ConnectOptions extends UploaderOptions {
  /** The tRPC endpoint. Without a path, `/trpc` there. */
  url: string | URL;
  /** The uploads' router in the server's root, with dots where it lies deeper. @default 'uploads' */
  router?: string;
  /** Sent as `authorization: Bearer <token>`. A function is called for each request anew. */
  token?: string | (() => string | Promise<string>);
  /** For each request anew. */
  headers?: Headers | (() => Headers | Promise<Headers>);
  /** The transformer of the server's tRPC root, where it has one. */
  transformer?: TRPCDataTransformer;
}

/** The uploader's procedures, and those for looking after uploads. */
export interface NodeUploadsClient extends UploadsClient {
  readonly list: { query(input: ListInput, options?: CallOptions): Promise<ListView> };
}

export interface Connection extends AsyncDisposable {
  readonly uploads: NodeUploadsClient;
  readonly uploader: Uploader;
}

/**
 * An uploader for a server that is known by its address only. Connections and threads end when it is disposed.
 * `onUnauthorized` also holds for calls of `uploads`.
 * @throws UploadError INPUT_INVALID where the address is none, or a header cannot carry the token or `headers`;
 *   RangeError where an option is out of its range
 */
export function connect({
  url,
  router = 'uploads',
  token,
  headers,
  transformer,
  onUnauthorized,
  ...options
}: ConnectOptions): Connection {
  const clock = options.clock ?? clientClock;
  if (typeof token === 'string') checkedHeaders({ authorization: bearer(token) });
  if (typeof headers === 'object') checkedHeaders(headers);
  const concurrency = options.concurrency ?? CLIENT_DEFAULTS.concurrency;
  // Beside the chunks, one for each of the calls that a batch link may have open.
  const sender = nodeSender({ clock, maxSockets: concurrency + CLIENT_DEFAULTS.uploadsAhead });
  const common = {
    url: endpointOf(url).href,
    headers: async () => ({
      ...(token === undefined
        ? {}
        : { authorization: bearer(typeof token === 'function' ? await token() : token) }),
      ...(typeof headers === 'function' ? await headers() : headers),
    }),
    ...(transformer ? { transformer } : {}),
  };
  const batch = { ...common, fetch: checkedFetch(sender.send, clock), maxItems: MAX_BATCH_CALLS };
  const trpc = createTRPCUntypedClient<AnyTRPCRouter>({
    links: [
      uploadLink({ ...common, send: sender.send, clock } as UploadLinkOptions<AnyTRPCRouter>),
      httpBatchLink(batch as HTTPBatchLinkOptions<AnyTRPCRouter['_def']['_config']['$types']>),
    ],
  });
  const renewal = createRenewal(onUnauthorized, clock, options.patienceMs ?? CLIENT_DEFAULTS.patienceMs);
  const engineOptions: EngineOptions = { hasher: nodeHasher(), ...options, renewal };
  const uploader = createUploader<UploadsClient>(uploadsClient(trpc, router), engineOptions);
  const root = createScope();
  const hub = createAbortHub();
  const renewing: Around = (signal, call) =>
    within(root, async (scope) => {
      const stopListening = signal ? hub.on(signal, () => scope.abort(signal.reason)) : () => {};
      return renewal.run(scope, call).finally(stopListening);
    });
  return {
    uploads: uploadsClient(trpc, router, renewing),
    uploader,
    async [Symbol.asyncDispose]() {
      root.abort(new UploadError('CANCELLED', { message: 'The connection was closed.' }));
      await uploader.close();
      sender.close();
    },
  };
}

/**
 * The tRPC endpoint that an address means: one without a path means `/trpc` there.
 * @throws UploadError INPUT_INVALID
 */
export function endpointOf(url: string | URL): URL {
  if (!/^https?:/i.test(String(url)) || !URL.canParse(String(url)))
    throw new UploadError('INPUT_INVALID', { message: `${url} is not an http or https address.` });
  const endpoint = new URL(url);
  if (endpoint.pathname === '/') endpoint.pathname = '/trpc';
  return endpoint;
}

function bearer(token: string): string {
  return `Bearer ${token}`;
}

/** Makes a call that the signal may break off. */
type Around = <Output>(signal: AbortSignal | undefined, call: () => Promise<Output>) => Promise<Output>;

/** The procedures by name; what they take and answer is the contract's. */
function uploadsClient(
  trpc: TRPCUntypedClient<AnyTRPCRouter>,
  router: string,
  around: Around = (_, call) => call(),
): NodeUploadsClient {
  const query =
    <Input, Output>(name: string) =>
    (input: Input, options?: CallOptions) =>
      around(options?.signal, () => trpc.query(`${router}.${name}`, input, options) as Promise<Output>);
  const mutate =
    <Input, Output>(name: string) =>
    (input: Input, options?: CallOptions) =>
      around(options?.signal, () => trpc.mutation(`${router}.${name}`, input, options) as Promise<Output>);
  return {
    policy: { query: query('policy') },
    init: { mutate: mutate('init') },
    chunk: { mutate: mutate('chunk') },
    resume: { query: query('resume') },
    abort: { mutate: mutate('abort') },
    list: { query: query('list') },
  };
}
