import { initTRPC, TRPCError } from '@trpc/server';
import { policy, type Uploads, type UploadsContext } from 'chunkwise/server';
import { z } from 'zod';

export interface Context extends UploadsContext {
  user: string | null;
}

/** Stands for your own database: rows by the id of their upload. */
export type Photos = Map<string, { owner: string; album: string; path: string }>;

export const createPolicies = (photos: Photos) => ({
  albums: policy({
    types: ['image/*'],
    input: z.object({ album: z.string().max(100) }),
    completed({ uploadId, owner, metadata }, { path }) {
      photos.set(uploadId, { owner, album: metadata.album, path });
      return { href: `/albums/${metadata.album}/${uploadId}` };
    },
  }),
});

export const owner = (ctx: Context) => ctx.user;

export function createRouter(uploads: Uploads<Context, ReturnType<typeof createPolicies>>) {
  const t = initTRPC.context<Context>().create();
  const protectedProcedure = t.procedure.use(({ ctx, next }) => {
    if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return next();
  });
  return t.router({ uploads: uploads.procedures(protectedProcedure) });
}
