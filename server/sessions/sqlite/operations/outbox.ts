import { and, asc, eq, lte, sql } from 'drizzle-orm';
import type { Json } from '../../../../contract/index.js';
import { uploads } from '../schema.js';
import { sessionColumns } from './columns.js';
import type { Changes } from './moves.js';
import { type Db, writing } from './operation.js';
import { sessionById } from './rows.js';

/** Changes the upload's entry in the outbox, where it is still due. */
function changeDue(db: Db, id: string, changes: Changes) {
  const due = and(eq(uploads.id, id), eq(uploads.hookDue, true));
  return db.update(uploads).set(changes).where(due).returning(sessionColumns).get() ?? null;
}

export const outbox = {
  takeHook: writing((db, args: { now: number; leaseMs: number; id: string | undefined }) => {
    const due = db
      .select({ id: uploads.id })
      .from(uploads)
      .where(
        and(
          sql`${uploads.hookDue} = 1`,
          lte(uploads.hookDueAt, args.now),
          args.id === undefined ? undefined : eq(uploads.id, args.id),
        ),
      )
      .orderBy(asc(uploads.hookDueAt))
      .limit(1)
      .get();
    if (!due) return null;
    return changeDue(db, due.id, {
      hookTaken: true,
      hookDueAt: args.now + args.leaseMs,
      hookAttempt: sql`${uploads.hookAttempt} + 1`,
    });
  }),

  hookDone: writing(
    (db, { id, data, error }: { id: string; data: Json | null; error: string | null }) =>
      changeDue(db, id, { hookDue: false, hookTaken: false, hookDueAt: null, hookError: error, data }) ??
      sessionById(db, id),
  ),

  hookFailed: writing((db, args: { id: string; error: string; retryAt: number }) => {
    changeDue(db, args.id, { hookTaken: false, hookDueAt: args.retryAt, hookError: args.error });
  }),
};
