/** Forgetting `owner`, or `context()`, or what `owner` reads, does not compile. */
import { initTRPC } from '@trpc/server';
import { createUploads, type UploadsContext } from '../../server/index.js';

interface User {
  user: string | null;
}

export const uploads = createUploads<User>({ root: 'data', owner: (ctx) => ctx.user });

// @ts-expect-error whose uploads they are has to be said
createUploads({ root: 'data' });
// @ts-expect-error where they lie has to be said
createUploads({ owner: 'shared' });
// @ts-expect-error no other word stands for an owner
createUploads({ root: 'data', owner: 'everybody' });
// @ts-expect-error an owner is a text
createUploads<User>({ root: 'data', owner: () => 5 });
// @ts-expect-error a misspelt option
createUploads({ root: 'data', owner: 'shared', memoryBudget: 5 });

const whole = initTRPC.context<UploadsContext & User>().create();
export const router = whole.router({ uploads: uploads.procedures(whole.procedure) });

const withoutContext = initTRPC.context<User>().create();
// @ts-expect-error `context()` is not spread into createContext
uploads.procedures(withoutContext.procedure);

const withoutUser = initTRPC.context<UploadsContext>().create();
// @ts-expect-error the context lacks what `owner` reads
uploads.procedures(withoutUser.procedure);

// What a middleware adds counts as well.
export const added = withoutUser.router({
  uploads: uploads.procedures(withoutUser.procedure.use(({ next }) => next({ ctx: { user: 'ann' } }))),
});
