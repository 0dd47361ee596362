import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import superjson from 'superjson';
import { z } from 'zod';
import {
  CHUNK_HEADER,
  DEFAULT_PLAN_RULES,
  decodeChunkHeader,
  ERRORS,
  isUploadError,
  type PlanRules,
  planFor,
  UploadError,
  type UploadErrorData,
} from '../../../contract/index.js';
import * as schemas from '../../../contract/schemas.js';
import { type Fault, type Logged, type Request, type Script, SMALL } from './script.js';
import { memorySessions } from './sessions.js';

interface Context {
  req: http.IncomingMessage;
  res: http.ServerResponse;
}

const t = initTRPC.context<Context>().create();
const superT = initTRPC.context<Context>().create({
  transformer: superjson,
  errorFormatter: ({ shape }) => ({ ...shape, data: { ...shape.data, custom: new Date(0) } }),
});

/** A server in the shape of the contract: real tRPC over real HTTP, sessions in memory, faults on request. */
export async function startServer(script: Script = {}) {
  const rules = (): PlanRules => ({ ...DEFAULT_PLAN_RULES, ...SMALL, ...script.rules });
  const sessions = memorySessions(rules);
  const log: Logged[] = [];
  const attempts = new Map<string, number>();
  const count = { inFlight: 0, mostInFlight: 0 };
  const closed = new Set<() => void>();
  const seen = new Set<(request: Logged) => void>();

  function logged(req: http.IncomingMessage, res: http.ServerResponse): Logged {
    const path = (req.url ?? '').split('?')[0]?.replace('/trpc/', '') ?? '';
    const header = req.headers[CHUNK_HEADER];
    const fields = typeof header === 'string' ? (decodeChunkHeader(header) as Request) : undefined;
    const key = fields ? `${fields.uploadId}:${fields.index}` : path;
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    const entry: Logged = {
      ...{ path, attempt, aborted: false, headers: req.headers, bodyBytes: 0 },
      ...(fields ? { uploadId: fields.uploadId, index: fields.index } : {}),
    };
    log.push(entry);
    for (const tell of seen) tell(entry);
    if (!fields) {
      res.on('close', () => {
        entry.aborted = !res.writableFinished;
        for (const tell of closed) tell();
      });
      return entry;
    }
    count.inFlight++;
    count.mostInFlight = Math.max(count.mostInFlight, count.inFlight);
    res.on('close', () => {
      count.inFlight--;
      entry.aborted = !res.writableFinished;
      for (const tell of closed) tell();
    });
    return entry;
  }

  const entries = new WeakMap<http.IncomingMessage, { entry: Logged; fault: Fault | undefined }>();

  async function chunkBody(req: http.IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = [];
    const found = entries.get(req);
    for await (const part of req.iterator({ destroyOnReturn: false })) {
      parts.push(part);
      if (found) found.entry.bodyBytes += part.length;
    }
    const body = Buffer.concat(parts);
    if (found?.fault && 'flip' in found.fault) body[0] = (body[0] ?? 0) ^ 1;
    return body;
  }

  /** The same procedures for both roots. */
  function proceduresOf(root: typeof t) {
    const base = root.procedure
      .errors(({ shape, error }) => {
        if (!isUploadError(error.cause)) return undefined;
        const upload: UploadErrorData = error.cause.data;
        return { ...shape, message: error.cause.message, data: { ...shape.data, upload } };
      })
      .use(async ({ next, ctx }) => {
        const fault = entries.get(ctx.req)?.fault;
        const result = await (fault && 'error' in fault ? Promise.reject(fault.error) : next()).catch(
          rethrow,
        );
        if (!result.ok && isUploadError(result.error.cause)) rethrow(result.error.cause);
        if (fault && 'drop' in fault && fault.drop === 'answer') ctx.req.socket.destroy();
        return result;
      });
    return {
      policy: base
        .input(schemas.policyInput)
        .output(schemas.policyOutput)
        .query(({ input: { policy = 'default', size = 0 } }) => ({
          policy,
          ...rules(),
          maxParallelChunks: script.maxParallelChunks ?? 4,
          types: null,
          plan: size > rules().maxFileSize ? null : planFor(size, rules()),
          resumable: script.resumable ?? [],
        })),
      init: base
        .input(schemas.initInput)
        .output(schemas.uploadView)
        .mutation(({ input }) => sessions.view(sessions.init(input), script.rangeLimit)),
      chunk: base
        .use(({ next, ctx }) =>
          next({
            getRawInput: async () => ({
              ...(decodeChunkHeader(String(ctx.req.headers[CHUNK_HEADER])) as object),
              data: await chunkBody(ctx.req),
            }),
          }),
        )
        .input(schemas.chunkFields.extend({ data: z.custom<Blob | Uint8Array>() }))
        .output(schemas.progress)
        .mutation(async ({ input, ctx }) => {
          const session = sessions.get(input.uploadId);
          const entry = entries.get(ctx.req)?.entry;
          if (entry) await script.receiving?.(entry);
          if (sessions.accept(session, input.index, input.hash, input.data as Buffer))
            await (script.full ? script.full(session) : sessions.complete(session));
          return sessions.progress(session, input.index);
        }),
      resume: base
        .input(schemas.resumeInput)
        .output(schemas.uploadView)
        .query(({ input }) => {
          const found =
            'uploadId' in input
              ? sessions.get(input.uploadId)
              : [...sessions.all.values()].find(
                  ({ hash, chunkSize }) => hash === input.hash && chunkSize === input.chunkSize,
                );
          if (!found) throw new UploadError('UPLOAD_NOT_FOUND');
          return sessions.view(found, script.rangeLimit);
        }),
      abort: base
        .input(schemas.abortInput)
        .output(schemas.uploadView)
        .mutation(({ input }) => {
          const session = sessions.get(input.uploadId);
          if (session.status === 'receiving') session.status = 'aborted';
          return sessions.view(session);
        }),
      list: base
        .input(schemas.listInput)
        .output(schemas.listOutput)
        .query(() => ({
          items: [...sessions.all.values()].map((session) => {
            const {
              missing: _,
              missingMore: __,
              ...item
            } = sessions.view(session) as Record<string, unknown>;
            return item as ReturnType<typeof sessions.view>;
          }),
        })),
    };
  }

  const plainRouter = t.router({ uploads: t.router(proceduresOf(t)) });
  const superRouter = superT.router({ uploads: superT.router(proceduresOf(superT as unknown as typeof t)) });

  function before(
    req: http.IncomingMessage & { body?: unknown },
    res: http.ServerResponse,
    next: () => void,
  ) {
    const entry = logged(req, res);
    if (req.headers[CHUNK_HEADER]) req.body = '';
    apply(script.fault?.(entry), entry, req, res, next);
  }

  function apply(
    fault: Fault | undefined,
    entry: Logged,
    req: http.IncomingMessage,
    res: http.ServerResponse,
    next: () => void,
  ) {
    entries.set(req, { entry, fault });
    if (!fault || 'flip' in fault || 'error' in fault) return next();
    if ('hold' in fault) return void fault.hold.then(() => apply(fault.then, entry, req, res, next));
    if ('stall' in fault) return;
    if ('drop' in fault) {
      if (fault.drop === 'answer') return next();
      if (fault.drop === 'early') return void req.socket.destroy();
      return void req.once('data', () => req.socket.destroy());
    }
    const { status, html, json, headers } = fault;
    res.writeHead(status, {
      'content-type': json === undefined ? 'text/html' : 'application/json',
      ...headers,
    });
    res.end(json === undefined ? (html ?? '<html>no</html>') : JSON.stringify(json));
  }

  const shared = {
    basePath: '/trpc/',
    middleware: before,
    createContext: ({ req, res }: Context) => ({ req, res }),
  };
  const plain = createHTTPHandler({ router: plainRouter, ...shared });
  const withSuper = createHTTPHandler({ router: superRouter, ...shared, basePath: '/super/' });
  const server = http.createServer((req, res) =>
    (req.url?.startsWith('/super/') ? withSuper : plain)(req, res),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    ...{
      url: `${origin}/trpc`,
      superUrl: `${origin}/super`,
      origin,
      log,
      count,
      sessions,
      script,
      plainRouter,
      superRouter,
    },
    chunkLog: () => log.filter(({ index }) => index !== undefined),
    /** Resolves with a request that matches, now or once it comes. */
    whenSeen: (matches: (request: Logged) => boolean) =>
      new Promise<Logged>((resolve) => {
        const look = (request: Logged) => {
          if (!matches(request)) return;
          seen.delete(look);
          resolve(request);
        };
        seen.add(look);
        for (const request of log) look(request);
      }),
    /** Resolves when `ready` holds, looked at after each request that ends. */
    whenClosed: (ready: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!ready()) return;
          closed.delete(look);
          resolve();
        };
        closed.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;
export type PlainRouter = TestServer['plainRouter'];
export type SuperRouter = TestServer['superRouter'];

function rethrow(cause: unknown): never {
  if (cause instanceof TRPCError) throw cause;
  if (!isUploadError(cause)) throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause });
  throw new TRPCError({
    code: ERRORS[cause.code].trpc ?? 'INTERNAL_SERVER_ERROR',
    message: cause.message,
    cause,
  });
}
