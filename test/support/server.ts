import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { createCore } from '../../server/core.js';
import { lockFileOf, settingsOf } from '../../server/core-options.js';
import type { Policies } from '../../server/policy.js';
import type { UploadsContext } from '../../server/request.js';
import {
  createUploads,
  createUploadsOn,
  type OpenCore,
  type Uploads,
  type UploadsOptions,
} from '../../server/uploads.js';
import { sessionsHere, sharedTasks } from './here.js';

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

/** The server that `createUploads` makes, but for its threads: they are there already, and SQLite is used in this one. */
const openHere: OpenCore = (options, policies) => {
  const { database: file, migrate } = settingsOf(options);
  const sessions = sessionsHere({ file, lockFile: lockFileOf(options), migrate });
  const core = createCore(options, policies, { tasks: sharedTasks(), sessions });
  return { core, leave: () => core.close() };
};

/** All options but those of threads, which the shared ones could not follow. */
export interface TestServerOptions
  extends Partial<Omit<UploadsOptions<TestContext>, 'worker' | 'workerThreads'>> {
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
