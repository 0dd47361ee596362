import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AnyTRPCRouter, initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { type Connection, connect } from '../../../client/node/index.js';
import type { Uploads, UploadsContext } from '../../../server/index.js';

type Context = UploadsContext & { user: { id: string } };

/** Uploads of a recipe, as recipes make them: the owner is the context's user. */
export type RecipeUploads = Uploads<{ user: { id: string } }, never>;

/** A server for the uploads of a recipe, and clients of its users. */
export async function mounted(uploads: RecipeUploads, given?: AnyTRPCRouter) {
  const t = initTRPC.context<Context>().create();
  const own = () => t.router({ uploads: uploads.procedures(t.procedure) });
  const handler = createHTTPHandler({
    basePath: '/trpc/',
    router: given ?? own(),
    middleware: uploads.middleware,
    createContext: (opts) => ({
      ...uploads.context(opts),
      user: { id: String(opts.req.headers['x-user'] ?? 'ann') },
    }),
  });
  const server = http.createServer({ requestTimeout: 0 }, handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/trpc`;
  const connections: Connection[] = [];
  return {
    url,
    as(user: string): Connection {
      const connection = connect({ url, headers: { 'x-user': user } });
      connections.push(connection);
      return connection;
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) await connection[Symbol.asyncDispose]();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
