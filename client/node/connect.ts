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
} from '../../contract/index.js';
import type { UploaderOptions } from '../engine.js';
import { checkedFetch } from '../exchange.js';
import { type UploadLinkOptions, uploadLink } from '../link.js';
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
  /** Sent as `authorization: Bearer <token>`. */
  token?: string;
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

/** An uploader for a server that is known by its address only. Connections and threads end when it is disposed. */
export function connect({
  url,
  router = 'uploads',
  token,
  headers,
  transformer,
  ...options
}: ConnectOptions): Connection {
  const clock = options.clock ?? clientClock;
  const concurrency = options.concurrency ?? CLIENT_DEFAULTS.concurrency;
  // Beside the chunks, one for each of the calls that a batch link may have open.
  const sender = nodeSender({ clock, maxSockets: concurrency + CLIENT_DEFAULTS.uploadsAhead });
  const common = {
    url: endpointOf(url).href,
    headers: async () => ({
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
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
  const uploads = uploadsClient(trpc, router);
  const uploader = createUploader<UploadsClient>(uploads, { hasher: nodeHasher(), ...options });
  return {
    uploads,
    uploader,
    async [Symbol.asyncDispose]() {
      await uploader.close();
      sender.close();
    },
  };
}

/** The tRPC endpoint that an address means: one without a path means `/trpc` there. */
export function endpointOf(url: string | URL): URL {
  const endpoint = new URL(url);
  if (endpoint.pathname === '/') endpoint.pathname = '/trpc';
  return endpoint;
}

/** The procedures by name; what they take and answer is the contract's. */
function uploadsClient(trpc: TRPCUntypedClient<AnyTRPCRouter>, router: string): NodeUploadsClient {
  const query =
    <Input, Output>(name: string) =>
    (input: Input, options?: CallOptions) =>
      trpc.query(`${router}.${name}`, input, options) as Promise<Output>;
  const mutate =
    <Input, Output>(name: string) =>
    (input: Input, options?: CallOptions) =>
      trpc.mutation(`${router}.${name}`, input, options) as Promise<Output>;
  return {
    policy: { query: query('policy') },
    init: { mutate: mutate('init') },
    chunk: { mutate: mutate('chunk') },
    resume: { query: query('resume') },
    abort: { mutate: mutate('abort') },
    list: { query: query('list') },
  };
}
