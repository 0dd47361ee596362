import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import type { Policies } from '../../server/policy.js';
import type { UploadsContext } from '../../server/request.js';
import { createUploads, type UploadsOptions } from '../../server/uploads.js';

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

/** A real server on loopback: tRPC's standalone adapter with the upload procedures as `uploads`. */
export async function startServer(options: Partial<UploadsOptions<TestContext>> & { root: string }) {
  const uploads = createUploads<TestContext, Policies>({ owner: (ctx) => ctx.user, log: silent, ...options });
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
