/**
 * tRPC's standalone adapter, on node:http. Run it with
 *   ROOT=./uploads PORT=3000 node --import tsx examples/standalone/server.ts
 * and send a file with
 *   node --import tsx examples/client.ts holiday.jpg http://localhost:3000
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import { z } from 'zod';

type User = { id: string; name: string };
type Context = UploadsContext & { user: User | null };

// Stands for your own tokens.
const tokens = new Map<string, User>([
  ['Bearer token-of-ann', { id: 'ann', name: 'Ann' }],
  ['Bearer token-of-bob', { id: 'bob', name: 'Bob' }],
]);

const uploads = createUploads({
  root: process.env.ROOT ?? './uploads',
  owner: (ctx: { user: User }) => ctx.user.id,
  policies: {
    photos: policy({
      types: ['image/*'],
      maxFileSize: 500 * 1024 ** 2,
      // Small chunks, so that little is lost when a phone loses its network.
      threshold: 1024 ** 2,
      chunkSize: 1024 ** 2,
      input: z.object({ album: z.string().min(1).max(100) }),
      completed: ({ uploadId, metadata }) => ({ url: `/albums/${metadata.album}/${uploadId}` }),
    }),
  },
});

const t = initTRPC.context<Context>().create();
const protectedProcedure = t.procedure.use(({ ctx, next }) => {
  if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' });
  return next({ ctx: { user: ctx.user } });
});

const router = t.router({
  me: protectedProcedure.query(({ ctx }) => ctx.user),
  uploads: uploads.procedures(protectedProcedure),
});
export type AppRouter = typeof router;

const handler = createHTTPHandler({
  router,
  middleware: uploads.middleware,
  createContext: (opts) => ({
    ...uploads.context(opts),
    user: tokens.get(opts.req.headers.authorization ?? '') ?? null,
  }),
  maxBatchSize: 100,
});

// Uploads have a time limit of their own: Node's would end slow but honest ones.
const server = http.createServer({ requestTimeout: 0 }, handler);
server.listen(Number(process.env.PORT ?? 3000), () =>
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`),
);
