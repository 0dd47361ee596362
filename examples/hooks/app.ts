import http from 'node:http';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import { z } from 'zod';
import type { Photos } from './photos.js';

type Context = UploadsContext & { user: string | null };

// Stands for your own sign-in.
const users = new Map([['Bearer token-of-ann', 'ann']]);

export function createApp(root: string, photos: Pick<Photos, 'record'>) {
  const uploads = createUploads({
    root,
    owner: (ctx: Context) => ctx.user,
    policies: {
      photos: policy({
        types: ['image/*'],
        input: z.object({ album: z.string().min(1).max(100) }),
        // At least once for each upload. The same call again makes nothing twice, and answers the same.
        completed: ({ uploadId, owner, size, metadata }, file) => {
          const { id } = photos.record({
            uploadId,
            owner,
            album: metadata.album,
            file: file.path,
            bytes: size,
          });
          return { photoId: id };
        },
      }),
    },
  });

  const t = initTRPC.context<Context>().create();
  const router = t.router({ uploads: uploads.procedures(t.procedure) });
  const handler = createHTTPHandler({
    router,
    middleware: uploads.middleware,
    createContext: (opts) => ({
      ...uploads.context(opts),
      user: users.get(opts.req.headers.authorization ?? '') ?? null,
    }),
    maxBatchSize: 100,
  });
  return { uploads, router, server: http.createServer({ requestTimeout: 0 }, handler) };
}

export type AppRouter = ReturnType<typeof createApp>['router'];
