/**
 * A handler from `Request` to `Response`, for any server that speaks fetch; `server.ts` runs it on Node.
 */
import { initTRPC, TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
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

export function handler(req: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/trpc',
    req,
    router,
    createContext: (opts) => ({
      ...uploads.context(opts),
      user: userOf(req.headers.get('cookie') ?? undefined),
    }),
    maxBatchSize: 100,
  });
}

/** Ends the uploads' background work, where the process goes on without them. */
export const close = () => uploads.close();
