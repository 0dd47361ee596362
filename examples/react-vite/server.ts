/**
 * The tRPC server of this app. Run it with `npm run server`, and the page beside it with `npm run dev`.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import { z } from 'zod';

const uploads = createUploads({
  root: process.env.ROOT ?? './data',
  // Everybody is one owner. With users of your own: owner: (ctx) => ctx.user.id
  owner: 'shared',
  policies: {
    photos: policy({
      types: ['image/*'],
      maxFileSize: 500 * 1024 ** 2,
      // Small chunks, so that little is lost when a phone loses its network.
      threshold: 1024 ** 2,
      chunkSize: 1024 ** 2,
      input: z.object({ album: z.string().min(1).max(100) }),
      completed: ({ metadata }) => ({ album: metadata.album }),
    }),
  },
});

const t = initTRPC.context<UploadsContext>().create();
const router = t.router({ uploads: uploads.procedures(t.procedure) });
export type AppRouter = typeof router;

const handler = createHTTPHandler({
  router,
  basePath: '/trpc/',
  middleware: uploads.middleware,
  createContext: (opts) => uploads.context(opts),
  maxBatchSize: 100,
});

// Uploads have a time limit of their own: Node's would end slow but honest ones.
const server = http.createServer({ requestTimeout: 0 }, handler);
server.listen(Number(process.env.PORT ?? 3000), () =>
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`),
);
