import { initTRPC } from '@trpc/server';
import { ERRORS, isUploadError, UploadError } from '../../contract/index.js';
import type { Core } from '../core.js';
import type { UploadsContext } from '../request.js';
import { toTrpcError } from '../trpc-errors.js';

/** Whose uploads a request may see, from the context that the user's own middlewares made; null: nobody's. */
export type ResolveOwner = (ctx: never) => string | null | Promise<string | null>;

export interface ProcedureDeps {
  readonly core: Core;
  readonly owner: 'shared' | ResolveOwner;
}

/** The owner of all uploads where the server was told that everybody shares them. */
export const SHARED_OWNER = 'shared';

const NO_CONTEXT =
  'The context lacks `chunkwise`: spread `...uploads.context(opts)` into what createContext returns.';

/** For the operator: a client is told what is wrong, and cannot mend it. */
function withoutAdapter(message: string): string {
  if (message === NO_CONTEXT) return message;
  const hooks =
    "(`middleware: uploads.middleware` for tRPC's standalone adapter, `app.use('/trpc', uploads.express())`, or `app.register(uploads.fastify)`)";
  const mend = message === ERRORS.ADAPTER_MISSING.message ? ` ${hooks}` : '';
  return `no chunk can be received: ${message}${mend}`;
}

const t = initTRPC.context<UploadsContext>().create();

/** Typed as it begins; at run time it is built on the user's procedure, whose middlewares ran before. */
export type BaseProcedure = ReturnType<typeof ownedProcedure>;

/**
 * What all upload procedures begin with: errors that tRPC understands, an open server, and an owner, before a byte of
 * input or body is read.
 */
export function ownedProcedure({ core, owner }: ProcedureDeps) {
  // Requests that wait for the same opening get the same error: it is told once.
  const told = new WeakSet<Error>();
  const isNews = (error: unknown) => {
    if (!(error instanceof Error)) return true;
    const isNew = !told.has(error);
    told.add(error);
    return isNew;
  };

  return t.procedure
    .use(async ({ next, path, signal }) => {
      const result = await next();
      if (result.ok) return result;
      const { cause } = result.error;
      if (isUploadError(cause)) {
        if (cause.code === 'ADAPTER_MISSING') core.warnOnce({ path }, withoutAdapter(cause.message));
        throw toTrpcError(cause);
      }
      // A client that left is no failure of the server.
      if (result.error.code !== 'BAD_REQUEST' && !signal?.aborted)
        core.log.error({ path, error: result.error }, 'a procedure failed unexpectedly');
      return result;
    })
    .use(async ({ ctx, next }) => {
      // A compile error; but servers also run by loaders that check no types.
      if (ctx.chunkwise === undefined) throw new UploadError('ADAPTER_MISSING', { message: NO_CONTEXT });
      const found = owner === 'shared' ? SHARED_OWNER : await owner(ctx as never);
      if (typeof found !== 'string' || found === '') throw new UploadError('UNAUTHORIZED');
      await core.ready().catch((error: unknown) => {
        const code = isUploadError(error) ? error.code : 'INTERNAL';
        // A server that stops is SERVER_BUSY. All else is for the log, and only there: it names files.
        if (code !== 'SERVER_BUSY' && isNews(error))
          core.log.error({ error }, 'the uploads cannot be opened');
        throw new UploadError(code);
      });
      return next({ ctx: { owner: found } });
    });
}
