/**
 * Express 4, behind `express.json()`. Run it with
 *   ROOT=./uploads PORT=3000 node --import tsx examples/express4/server.ts
 * and send a file with
 *   node --import tsx examples/client.ts holiday.jpg http://localhost:3000/trpc
 * Your own Express 4 is called `express`; here it is installed beside Express 5.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { initTRPC, TRPCError } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import express from 'express4';
import { z } from 'zod';

type User = { id: string; name: string };
type Context = UploadsContext & { user: User | null };

// Stands for your own sessions.
const sessions = new Map<string, User>([
  ['session-of-ann', { id: 'ann', name: 'Ann' }],
  ['session-of-bob', { id: 'bob', name: 'Bob' }],
]);

function userOf(cookies = ''): User | null {
  const [, id = ''] = /(?:^|; )session=([^;]*)/.exec(cookies) ?? [];
  return sessions.get(id) ?? null;
}

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

const app = express();
app.use(express.json());
app.use(
  '/trpc',
  uploads.express(),
  createExpressMiddleware({
    router,
    createContext: (opts) => ({ ...uploads.context(opts), user: userOf(opts.req.headers.cookie) }),
    maxBatchSize: 100,
  }),
);

// Uploads have a time limit of their own: Node's would end slow but honest ones.
const server = http.createServer({ requestTimeout: 0 }, app);
server.listen(Number(process.env.PORT ?? 3000), () =>
  console.log(`http://localhost:${(server.address() as AddressInfo).port}/trpc`),
);
