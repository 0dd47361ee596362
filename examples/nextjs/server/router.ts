import { initTRPC, TRPCError } from '@trpc/server';
import { type Context, uploads } from './uploads';

const t = initTRPC.context<Context>().create();

const protectedProcedure = t.procedure.use(({ ctx, next }) => {
  if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' });
  return next({ ctx: { user: ctx.user } });
});

export const appRouter = t.router({
  whoami: protectedProcedure.query(({ ctx }) => ctx.user.id),
  uploads: uploads.procedures(protectedProcedure),
});

export type AppRouter = typeof appRouter;

/** For server components and actions. */
export const createCaller = t.createCallerFactory(appRouter);
