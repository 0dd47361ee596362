/**
 * Hono on Node, with CORS for a page of another origin. Run it with
 *   ROOT=./uploads PORT=3000 node --import tsx examples/hono/server.ts
 * and send a file with
 *   node --import tsx examples/client.ts holiday.jpg http://localhost:3000/trpc
 */
import { serve } from '@hono/node-server';
import { initTRPC, TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
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

const app = new Hono();
app.use(
  '/trpc/*',
  cors({
    origin: 'https://app.example',
    allowHeaders: ['authorization', 'content-type', 'trpc-accept', 'x-chunkwise-chunk'],
    maxAge: 86_400,
  }),
);
app.all('/trpc/*', (c) =>
  fetchRequestHandler({
    endpoint: '/trpc',
    req: c.req.raw,
    router,
    createContext: (opts) => ({
      ...uploads.context(opts),
      user: tokens.get(c.req.header('authorization') ?? '') ?? null,
    }),
    maxBatchSize: 100,
  }),
);

// Uploads have a time limit of their own: Node's would end slow but honest ones.
const options = {
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 3000),
  serverOptions: { requestTimeout: 0 },
};
serve(options, ({ port }) => console.log(`http://localhost:${port}/trpc`));
