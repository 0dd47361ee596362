import { and, asc, eq, lte, type SQL, sql } from 'drizzle-orm';
import type { Json } from '../../../../contract/index.js';
import type { WhichHook } from '../../sessions.js';
import { uploads } from '../schema.js';
import { sessionColumns } from './columns.js';
import type { Changes } from './moves.js';
import { type Db, writing } from './operation.js';
import { given, prepared } from './prepared.js';
import { besidesPolicies, policyList, sessionById } from './rows.js';

/** Changes the upload's entry in the outbox, where it is still due. */
function changeOfDue(changes: Changes) {
  const due = and(eq(uploads.id, given.id), eq(uploads.hookDue, true));
  const query = prepared((db) =>
    db.update(uploads).set(changes).where(due).returning(sessionColumns).prepare(),
  );
  return (db: Db, values: { id: string; [column: string]: unknown }) => query(db).get(values) ?? null;
}

const take = changeOfDue({
  hookTaken: true,
  hookDueAt: given.hookDueAt,
  hookAttempt: sql`${uploads.hookAttempt} + 1`,
});
const finish = changeOfDue({
  hookDue: false,
  hookTaken: false,
  hookDueAt: null,
  hookError: given.hookError,
  data: given.data,
});
const putOff = changeOfDue({ hookTaken: false, hookDueAt: given.hookDueAt, hookError: given.hookError });

const firstDue = (which?: SQL) =>
  prepared((db) =>
    db
      .select({ id: uploads.id })
      .from(uploads)
      .where(and(sql`${uploads.hookDue} = 1`, lte(uploads.hookDueAt, given.hookDueAt), which))
      .orderBy(asc(uploads.hookDueAt))
      .limit(1)
      .prepare(),
  );
const dueElsewhere = firstDue(besidesPolicies);
const thisDue = firstDue(eq(uploads.id, given.id));

export const outbox = {
  takeHook: writing((db, args: { now: number; leaseMs: number; which: WhichHook }) => {
    const { which, now: hookDueAt } = args;
    const due =
      'id' in which
        ? thisDue(db).get({ hookDueAt, id: which.id })
        : dueElsewhere(db).get({ hookDueAt, passedOver: policyList(which.passedOver) });
    return due ? take(db, { id: due.id, hookDueAt: args.now + args.leaseMs }) : null;
  }),

  hookDone: writing(
    (db, { id, data, error }: { id: string; data: Json | null; error: string | null }) =>
      finish(db, { id, hookError: error, data }) ?? sessionById(db, id),
  ),

  hookFailed: writing((db, args: { id: string; error: string; retryAt: number }) => {
    putOff(db, { id: args.id, hookDueAt: args.retryAt, hookError: args.error });
  }),
};
