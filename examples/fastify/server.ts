/**
 * Fastify 5, on HTTP/1; with `HTTP2=1` on HTTP/2 in clear text, as behind a proxy. Run it with
 *   ROOT=./uploads PORT=3000 node --import tsx examples/fastify/server.ts
 * and send a file with
 *   node --import tsx examples/client.ts holiday.jpg http://localhost:3000/trpc
 */
import type { AddressInfo } from 'node:net';
import { initTRPC, TRPCError } from '@trpc/server';
import {
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
  fastifyTRPCPlugin,
} from '@trpc/server/adapters/fastify';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import Fastify, { type FastifyInstance } from 'fastify';
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

// Uploads have a time limit of their own: Node's would end slow but honest ones.
const options = { requestTimeout: 0, routerOptions: { maxParamLength: 5000 } };
// tRPC's plugin is typed for HTTP/1, and runs on both.
const app = process.env.HTTP2
  ? (Fastify({ ...options, http2: true }) as unknown as FastifyInstance)
  : Fastify(options);

await app.register(uploads.fastify);
await app.register(fastifyTRPCPlugin, {
  prefix: '/trpc',
  trpcOptions: {
    router,
    createContext: (opts: CreateFastifyContextOptions) => ({
      ...uploads.context(opts),
      user: tokens.get(opts.req.headers.authorization ?? '') ?? null,
    }),
    maxBatchSize: 100,
  },
} satisfies FastifyTRPCPluginOptions<typeof router>);

await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`http://localhost:${(app.server.address() as AddressInfo).port}/trpc`);
