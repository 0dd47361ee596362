import { and, asc, eq, isNotNull, isNull, lte, min, type SQL, sql } from 'drizzle-orm';
import type { ErrorView, FileHash } from '../../../../contract/index.js';
import type { ExpiryRules, Lease, Quota } from '../../sessions.js';
import { chunks, uploads } from '../schema.js';
import { clearSuspicion } from './durability.js';
import { expiryAfter } from './expiry.js';
import { forgetChunks } from './forget.js';
import { move, preparedChange, preparedMove } from './moves.js';
import { reading, writing } from './operation.js';
import { given, prepared } from './prepared.js';
import { fitsQuota } from './quota.js';
import { besidesPolicies, oneOf, policyList, selectSessions, throughIndex } from './rows.js';

const NOT_LEASED = { leaseHolder: null, dueAt: null };

/** True of the row while the lease that is `given` is the current one. Whoever uses it checks the row's status. */
const held = and(
  eq(uploads.id, given.id),
  eq(uploads.leaseHolder, given.leaseHolder),
  eq(uploads.attempt, given.attempt),
);
const givenBy = ({ uploadId, holder, attempt }: Lease) => ({ id: uploadId, leaseHolder: holder, attempt });

const leased = prepared((db) =>
  selectSessions(db)
    .where(and(held, eq(uploads.status, 'assembling')))
    .prepare(),
);

const firstDue = (which?: SQL) =>
  prepared((db) =>
    db
      .select({ id: sql<string>`${uploads.id}` })
      .from(throughIndex('uploads_due'))
      .where(
        and(
          sql`${uploads.status} = 'assembling'`,
          lte(uploads.dueAt, given.dueAt),
          which,
          sql`${uploads.id} not in (select value from json_each(${sql.placeholder('except')}))`,
        ),
      )
      .orderBy(asc(uploads.dueAt))
      .limit(1)
      .prepare(),
  );
const anyDue = firstDue();
const thisDue = firstDue(eq(uploads.id, given.id));
const take = preparedMove('assembling', 'assembling', eq(uploads.id, given.id), {
  leaseHolder: given.leaseHolder,
  dueAt: given.dueAt,
  attempt: sql`${uploads.attempt} + 1`,
});
const renew = preparedChange('assembling', { dueAt: given.dueAt }, held);
const giveBack = preparedChange('assembling', { leaseHolder: null, dueAt: given.dueAt }, held);
const recordHash = preparedChange('assembling', { hash: given.hash }, held);
const startPublishing = preparedChange('assembling', { publishing: true });
const completing = preparedMove('assembling', 'completed', and(held, eq(uploads.publishing, true)), {
  ...NOT_LEASED,
  path: given.path,
  hash: given.hash,
  hookDue: given.hookDue,
  hookDueAt: given.hookDueAt,
  suspect: false,
  endedAt: given.endedAt,
});
const failing = preparedMove('assembling', 'failed', held, {
  ...NOT_LEASED,
  error: given.error,
  endedAt: given.endedAt,
});

const nextHook = prepared((db) =>
  db
    .select({ due: min(uploads.hookDueAt) })
    .from(uploads)
    .where(and(sql`${uploads.hookDue} = 1`, besidesPolicies))
    .prepare(),
);
const nextAssembly = prepared((db) =>
  db
    .select({ due: min(uploads.dueAt) })
    .from(throughIndex('uploads_due'))
    .where(and(sql`${uploads.status} = 'assembling'`, isNull(uploads.leaseHolder)))
    .prepare(),
);

export interface TakeLease {
  holder: string;
  leaseMs: number;
  now: number;
  id: string | undefined;
  except: readonly string[];
}

export const assembly = {
  releaseDeadHolders: writing((db, _: Record<never, never>) => {
    move(db, 'assembling', 'assembling', isNotNull(uploads.leaseHolder), { leaseHolder: null, dueAt: 0 });
    db.update(uploads)
      .set({ hookTaken: false, hookDueAt: 0 })
      .where(and(sql`${uploads.hookDue} = 1`, eq(uploads.hookTaken, true)))
      .run();
  }),

  takeLease: writing((db, args: TakeLease) => {
    const query = args.id === undefined ? anyDue : thisDue;
    const due = query(db).get({ id: args.id, dueAt: args.now, except: JSON.stringify(args.except) });
    if (!due) return null;
    const [session] = take(db, { id: due.id, leaseHolder: args.holder, dueAt: args.now + args.leaseMs });
    if (!session) return null;
    return { session, lease: { uploadId: session.id, holder: args.holder, attempt: session.attempt } };
  }),

  renewLease: writing(
    (db, { lease, leaseMs, now }: { lease: Lease; leaseMs: number; now: number }) =>
      renew(db, { ...givenBy(lease), dueAt: now + leaseMs }) !== null,
  ),

  setHash: writing(
    (db, { lease, hash }: { lease: Lease; hash: FileHash }) =>
      recordHash(db, { ...givenBy(lease), hash }) !== null,
  ),

  reopen: writing(
    (
      db,
      args: { lease: Lease; damaged: readonly number[] | null; now: number; expiry: ExpiryRules },
    ): boolean => {
      const session = leased(db).get(givenBy(args.lease));
      if (!session) return false;
      const which = args.damaged === null ? undefined : oneOf(chunks.index, args.damaged);
      const { counters } = forgetChunks(db, session, which);
      clearSuspicion(db, session.id);
      move(db, 'assembling', 'receiving', eq(uploads.id, session.id), {
        ...counters,
        ...NOT_LEASED,
        suspect: false,
        copyFrom: null,
        publishing: false,
        hash: session.declaredHash,
        expiresAt: Math.max(session.expiresAt, expiryAfter(session.createdAt, args.now, args.expiry)),
      });
      return true;
    },
  ),

  beginPublish: writing((db, { lease, quota }: { lease: Lease; quota: Quota }) => {
    const session = leased(db).get(givenBy(lease));
    if (!session) return 'lost' as const;
    // One that is publishing already may be visible: it is finished, whatever the quota has become.
    const within = session.publishing || fitsQuota(db, session.owner, quota, { bytes: 0, uploads: 0 });
    if (!within) return 'quota' as const;
    startPublishing(db, { id: session.id });
    return 'publishing' as const;
  }),

  complete: writing(
    (
      db,
      args: { lease: Lease; published: { path: string; hash: FileHash; hookDue: boolean }; now: number },
    ) => {
      const { lease, published, now } = args;
      const hookDueAt = published.hookDue ? now : null;
      const [session] = completing(db, { ...givenBy(lease), ...published, hookDueAt, endedAt: now });
      return session ?? null;
    },
  ),

  fail: writing((db, { lease, error, now }: { lease: Lease; error: ErrorView; now: number }) => {
    return failing(db, { ...givenBy(lease), error, endedAt: now }).length === 1;
  }),

  retryLater: writing((db, { lease, retryAt }: { lease: Lease; retryAt: number }) => {
    return giveBack(db, { ...givenBy(lease), dueAt: retryAt }) !== null;
  }),

  nextDue: reading(
    (db, args: { kind: 'assembly' | 'hook'; passedOver: readonly string[] }): number | null => {
      const next =
        args.kind === 'hook'
          ? nextHook(db).get({ passedOver: policyList(args.passedOver) })
          : nextAssembly(db).get();
      return next?.due ?? null;
    },
  ),
};
