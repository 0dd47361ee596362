import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { SERVER_DEFAULTS } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { lockFileOf, settingsOf } from '../../server/core-options.js';
import type { Policies } from '../../server/policy.js';
import { createWorkerPool, type WorkerPool } from '../../server/pool.js';
import type { UploadsContext } from '../../server/request.js';
import { createEngine } from '../../server/sessions/sqlite/engine.js';
import { createRepository } from '../../server/sessions/sqlite/repository.js';
import {
  createUploads,
  createUploadsOn,
  type OpenCore,
  type Uploads,
  type UploadsOptions,
} from '../../server/uploads.js';
import { workerUrl } from '../../server/worker-url.js';

const silent = { info() {}, warn() {}, error() {} };

export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'chunkwise-'));
  return {
    path: folder,
    [Symbol.asyncDispose]: () => fs.rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** The header by which test requests say who they are. */
export const OWNER_HEADER = 'x-test-owner';

type TestContext = UploadsContext & { user: string | null };

/** What all servers of this process share. */
let pool: WorkerPool | undefined;

/**
 * The server that `createUploads` makes, except that its threads are there already and that SQLite is used in this one:
 * starting three threads is most of what a small test would take.
 */
const openHere: OpenCore = (options, policies) => {
  pool ??= createWorkerPool({ worker: workerUrl });
  const tasks = { ...pool, async [Symbol.asyncDispose]() {} };
  const files = { file: settingsOf(options).database, lockFile: lockFileOf(options) };
  const { idleExpiryMs: idleMs, maxLifetimeMs } = SERVER_DEFAULTS;
  const sessions = createRepository(createEngine(files), { idleMs, maxLifetimeMs });
  const core = createCore(options, policies, { tasks, sessions });
  return { core, leave: () => core.close() };
};

export interface TestServerOptions extends Partial<UploadsOptions<TestContext>> {
  readonly root: string;
  /** Threads of its own, by `createUploads` itself; two on one root are then one server. */
  readonly ownThreads?: boolean;
}

/** A real server on loopback: tRPC's standalone adapter with the upload procedures as `uploads`. */
export async function startServer({ ownThreads = false, ...rest }: TestServerOptions) {
  const options = { owner: (ctx: TestContext) => ctx.user, log: silent, ...rest };
  const uploads: Uploads<TestContext, Policies> = ownThreads
    ? createUploads<TestContext, Policies>(options)
    : createUploadsOn<TestContext, Policies>(options, openHere);
  const t = initTRPC.context<TestContext>().create({ isDev: false });
  const router = t.router({ uploads: uploads.procedures(t.procedure) });
  const handler = createHTTPHandler({
    router,
    middleware: uploads.middleware,
    maxBatchSize: 100,
    createContext: (opts) => {
      const user = opts.req.headers[OWNER_HEADER];
      return { ...uploads.context(opts), user: user === 'nobody' ? null : String(user ?? 'ann') };
    },
  });
  const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await uploads.ready();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    uploads,
    router,
    server,
    root: options.root,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      await uploads.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;
export type TestRouter = TestServer['router'];
