import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { initTRPC } from '@trpc/server';
import {
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
  fastifyTRPCPlugin,
} from '@trpc/server/adapters/fastify';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import {
  CHUNK_HEADER,
  ERRORS,
  MAX_BATCH_CALLS,
  SERVE_DEFAULTS,
  SERVER_DEFAULTS,
  systemClock,
} from '../../contract/index.js';
import type { CoreOptions } from '../core-options.js';
import { consoleLogger } from '../log.js';
import type { Policies } from '../policy.js';
import { SHARED_OWNER } from '../procedures/base.js';
import { isChunkRequest, type UploadsContext } from '../request.js';
import { createUploads } from '../uploads.js';
import { createAccess } from './access.js';
import { downloads } from './downloads.js';
import { hostGuard, multipartGuard, notStored, originGuard, sendError, slowBodyGuard } from './guards.js';
import { NOTHING, pageRoutes } from './page.js';
import { sessionRoutes } from './session.js';
import { createSignIns } from './sign-ins.js';

export interface StandaloneOptions extends CoreOptions {
  /** Where tRPC answers is `/trpc`; this is the router's name there. */
  policies?: Policies;
  /** Address to listen on. */
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** Host names, besides localhost and `host`, that requests may name. */
  allowedHosts: readonly string[];
  /** Origins of other pages, such as `https://app.example`, that may use this server from a browser. */
  allowedOrigins: readonly string[];
  /**
   * Asked of every request where set, in its `authorization` header or by who has signed in with it at `/session`: its
   * bearer is the one owner. Null: everybody shares all uploads.
   */
  token: string | null;
  /** Requests per minute and address, chunks not counted; 0: no limit. */
  requestsPerMinute: number;
}

export interface Standalone extends AsyncDisposable {
  /** `http://HOST:PORT` */
  readonly url: string;
  /** Takes no new requests, lets running ones end, closes. Idempotent. */
  close(): Promise<void>;
}

/** `chunkwise serve`: a whole server on one port. Resolves once it listens and its uploads are ready. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { host, port, token, policies, allowedHosts, allowedOrigins, requestsPerMinute, ...core } = options;
  const clock = options.clock ?? systemClock;
  const signIns = createSignIns(clock);
  const access = createAccess(token, signIns);
  const ownerOf = (request: FastifyRequest) => (access.isAllowed(request) ? SHARED_OWNER : null);
  const uploads = createUploads<{ owner: string | null }>({
    ...core,
    policies: policies ?? {},
    owner: (ctx) => ctx.owner,
  });

  const t = initTRPC.context<UploadsContext & { owner: string | null }>().create({
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: SERVER_DEFAULTS.watchPingMs },
      client: { reconnectAfterInactivityMs: 3 * SERVER_DEFAULTS.watchPingMs },
    },
  });
  const router = t.router({ uploads: uploads.procedures(t.procedure) });

  const app = Fastify({
    bodyLimit: SERVE_DEFAULTS.jsonBodyBytes,
    keepAliveTimeout: SERVE_DEFAULTS.keepAliveMs,
    // node:http's own limit cuts off slow but honest chunks; `receive` and slowBodyGuard hold the line instead.
    requestTimeout: 0,
    routerOptions: { maxParamLength: SERVE_DEFAULTS.pathChars },
    forceCloseConnections: 'idle',
  });
  // Before all that is registered, which takes over how failures are answered as it then stands.
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: 'There is nothing here. The tRPC endpoint is /trpc.' }),
  );
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === ERRORS.RATE_LIMITED.status) return sendError(reply, 'RATE_LIMITED');
    // What Fastify itself refuses says why; anything else is ours to know.
    return reply.code(status).send({ error: status < 500 ? error.message : ERRORS.INTERNAL.message });
  });

  // First: those that the others refuse have bodies too.
  app.addHook('onRequest', slowBodyGuard(clock));
  app.addHook('onRequest', hostGuard([host, ...allowedHosts]));
  app.addHook('onRequest', originGuard(allowedOrigins));
  app.addHook('onRequest', access.hold);
  app.addHook('onRequest', async (_request, reply) =>
    reply.raw.setHeader('content-security-policy', NOTHING),
  );
  await app.register(helmet, {
    // Stands above: the page, its workers and files have others.
    contentSecurityPolicy: false,
    // Plain http on localhost is a normal way to run this; a proxy that adds TLS adds its own.
    strictTransportSecurity: false,
  });
  await app.register(cors, {
    origin: [...allowedOrigins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'trpc-accept', CHUNK_HEADER],
    maxAge: SERVE_DEFAULTS.corsMaxAgeS,
  });
  if (requestsPerMinute > 0) await limitRate(app, requestsPerMinute);
  await app.register(uploads.fastify);
  await app.register(async (scope) => {
    scope.addHook('onRequest', multipartGuard);
    scope.addHook('onRequest', notStored);
    await scope.register(fastifyTRPCPlugin, {
      prefix: '/trpc',
      trpcOptions: {
        router,
        maxBatchSize: MAX_BATCH_CALLS,
        createContext: (opts: CreateFastifyContextOptions) => ({
          ...uploads.context(opts),
          owner: ownerOf(opts.req),
        }),
      },
    } satisfies FastifyTRPCPluginOptions<typeof router>);
  });
  downloads(app, { uploads: uploads as never, ownerOf, log: core.log ?? consoleLogger });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await uploads.ready();
      return { status: 'ready' };
    } catch {
      return sendError(reply, 'STORE_UNAVAILABLE');
    }
  });
  await app.register(sessionRoutes, { access, signIns });
  await app.register(pageRoutes);

  try {
    await uploads.ready();
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    await uploads.close();
    throw error;
  }

  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= shutDown(app, uploads).finally(signIns.close);
    return closing;
  };
  return { url: addressOf(app, host), close, [Symbol.asyncDispose]: close };
}

async function limitRate(app: FastifyInstance, max: number): Promise<void> {
  await app.register(rateLimit, {
    max,
    timeWindow: '1 minute',
    allowList: (request) => isChunkRequest(request.raw),
  });
}

async function shutDown(app: FastifyInstance, uploads: AsyncDisposable): Promise<void> {
  const stopped = app.close();
  // Chunks under way end and are answered; streams that would never end are cut.
  await uploads[Symbol.asyncDispose]();
  app.server.closeAllConnections();
  await stopped;
}

function addressOf(app: FastifyInstance, host: string): string {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}
