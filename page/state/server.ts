import {
  createTRPCUntypedClient,
  httpBatchLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCUntypedClient,
} from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import { checkedFetch, UploadError, type UploadsClient, uploadLink } from '../../client/index.js';
import {
  isErrorCode,
  type ListInput,
  type ListView,
  MAX_BATCH_CALLS,
  type UploadView,
  type WatchEvent,
} from '../../contract/index.js';

/** Whether a token is asked for, and whether this browser has shown it. */
export interface SessionView {
  readonly required: boolean;
  readonly signedIn: boolean;
}

export interface WatchListener {
  onEvent(event: WatchEvent): void;
  /** The stream broke. */
  onBroken(): void;
  /** The stream is over: nobody tries again. */
  onEnd(error: unknown): void;
}

/** All that the page asks of the server. Every failure is an UploadError, or what tRPC throws of one. */
export interface Server {
  /** For the uploader. */
  readonly uploads: UploadsClient;
  list(input: ListInput): Promise<ListView>;
  abort(uploadId: string): Promise<UploadView>;
  /** Of all of this owner's uploads. @returns ends it */
  watch(listener: WatchListener): () => void;
  /** Removes a completed file. */
  remove(uploadId: string): Promise<void>;
  session(): Promise<SessionView>;
  signIn(token: string): Promise<void>;
  signOut(): Promise<void>;
}

export function createServer(origin: string): Server {
  const url = new URL('/trpc', origin).href;
  const trpc = createTRPCUntypedClient<AnyTRPCRouter>({
    links: [
      uploadLink<AnyTRPCRouter>({ url }),
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: httpSubscriptionLink<AnyTRPCRouter, typeof EventSource>({ url }),
        false: httpBatchLink<AnyTRPCRouter>({ url, maxItems: MAX_BATCH_CALLS, fetch: checkedFetch() }),
      }),
    ],
  });
  return {
    uploads: uploadsOf(trpc),
    list: (input) => trpc.query('uploads.list', input) as Promise<ListView>,
    abort: (uploadId) => trpc.mutation('uploads.abort', { uploadId }) as Promise<UploadView>,
    watch(listener) {
      const { unsubscribe } = trpc.subscription(
        'uploads.watch',
        {},
        {
          onData: (event) => listener.onEvent(event as WatchEvent),
          onConnectionStateChange: ({ state, error }) => {
            if (state === 'connecting' && error !== null) listener.onBroken();
          },
          onError: (error) => listener.onEnd(error),
          onComplete: () => listener.onEnd(null),
        },
      );
      return unsubscribe;
    },
    remove: async (uploadId) => void (await plain(`/files/${uploadId}`, { method: 'DELETE' })),
    session: async () => (await plain('/session')).json() as Promise<SessionView>,
    signIn: async (token) =>
      void (await plain('/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      })),
    signOut: async () => void (await plain('/session', { method: 'DELETE' })),
  };
}

function uploadsOf(trpc: TRPCUntypedClient<AnyTRPCRouter>): UploadsClient {
  // What the procedures take and answer is the contract's.
  const query = (name: string) => ({
    query: (input: unknown, options?: object) => trpc.query(`uploads.${name}`, input, options),
  });
  const mutation = (name: string) => ({
    mutate: (input: unknown, options?: object) => trpc.mutation(`uploads.${name}`, input, options),
  });
  return {
    policy: query('policy'),
    init: mutation('init'),
    chunk: mutation('chunk'),
    resume: query('resume'),
    abort: mutation('abort'),
  } as UploadsClient;
}

/** A request beside tRPC. @throws UploadError */
async function plain(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, init).catch((cause: unknown) => {
    throw new UploadError('NETWORK', {
      cause,
      message: 'The server cannot be reached. Try again in a moment.',
    });
  });
  if (response.ok) return response;
  const { code, error } = (await response.json().catch(() => ({}))) as { code?: unknown; error?: unknown };
  throw new UploadError(
    isErrorCode(code) ? code : 'PROTOCOL',
    typeof error === 'string' ? { message: error } : {},
  );
}
