import type { AddressInfo } from 'node:net';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import { z } from 'zod';

interface Context extends UploadsContext {
  user: string | null;
}

// Stands for your own sign-in.
const users = new Map([['Bearer s3cret', 'ann']]);

const uploads = createUploads({
  root: process.env.ROOT ?? './uploads',
  // Nobody else sees, continues or aborts an owner's uploads. null: not signed in.
  owner: (ctx: Context) => ctx.user,
  policies: {
    // Without this line an upload that names no policy goes to `default`, which takes everything.
    default: false,
    albums: policy({
      types: ['image/*', 'video/*'],
      maxFileSize: 20 * 1024 ** 3,
      input: z.object({ album: z.string().max(100) }),
      completed: (upload, file) => ({ url: `/albums/${upload.metadata.album}`, stored: file.path }),
    }),
  },
});

const t = initTRPC.context<Context>().create();
const router = t.router({ uploads: uploads.procedures(t.procedure) });
export type AppRouter = typeof router;

const server = createHTTPServer({
  router,
  middleware: uploads.middleware,
  createContext: (opts) => ({
    ...uploads.context(opts),
    user: users.get(opts.req.headers.authorization ?? '') ?? null,
  }),
});
// Node would end a request after 5 minutes, also one that makes progress.
server.requestTimeout = 0;
server.listen(Number(process.env.PORT ?? 3000), () =>
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`),
);
