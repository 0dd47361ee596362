import { and, asc, eq, isNotNull, isNull, lte, min, notInArray, type SQL, sql } from 'drizzle-orm';
import type { ErrorView, FileHash } from '../../../../contract/index.js';
import type { ExpiryRules, Lease, Quota } from '../../sessions.js';
import { chunks, uploads } from '../schema.js';
import { clearSuspicion } from './durability.js';
import { expiryAfter } from './expiry.js';
import { forgetChunks } from './forget.js';
import { change, move } from './moves.js';
import { reading, writing } from './operation.js';
import { fitsQuota } from './quota.js';
import { oneOf, selectSessions, throughIndex } from './rows.js';

const NOT_LEASED = { leaseHolder: null, dueAt: null };

/** True of the row while the lease is the current one. The row's status is checked by whoever uses it. */
function held({ uploadId, holder, attempt }: Lease): SQL | undefined {
  return and(eq(uploads.id, uploadId), eq(uploads.leaseHolder, holder), eq(uploads.attempt, attempt));
}

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
    const due = db
      .select({ id: sql<string>`${uploads.id}` })
      .from(throughIndex('uploads_due'))
      .where(
        and(
          sql`${uploads.status} = 'assembling'`,
          lte(uploads.dueAt, args.now),
          args.id === undefined ? undefined : eq(uploads.id, args.id),
          args.except.length === 0 ? undefined : notInArray(uploads.id, [...args.except]),
        ),
      )
      .orderBy(asc(uploads.dueAt))
      .limit(1)
      .get();
    if (!due) return null;
    const [session] = move(db, 'assembling', 'assembling', eq(uploads.id, due.id), {
      leaseHolder: args.holder,
      dueAt: args.now + args.leaseMs,
      attempt: sql`${uploads.attempt} + 1`,
    });
    if (!session) return null;
    return { session, lease: { uploadId: session.id, holder: args.holder, attempt: session.attempt } };
  }),

  renewLease: writing(
    (db, { lease, leaseMs, now }: { lease: Lease; leaseMs: number; now: number }) =>
      change(db, lease.uploadId, 'assembling', { dueAt: now + leaseMs }, held(lease)) !== null,
  ),

  setHash: writing(
    (db, { lease, hash }: { lease: Lease; hash: FileHash }) =>
      change(db, lease.uploadId, 'assembling', { hash }, held(lease)) !== null,
  ),

  reopen: writing(
    (
      db,
      args: { lease: Lease; damaged: readonly number[] | null; now: number; expiry: ExpiryRules },
    ): boolean => {
      const session = selectSessions(db)
        .where(and(held(args.lease), eq(uploads.status, 'assembling')))
        .get();
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
    const session = selectSessions(db)
      .where(and(held(lease), eq(uploads.status, 'assembling')))
      .get();
    if (!session) return 'lost' as const;
    // One that is publishing already may be visible: it is finished, whatever the quota has become.
    const within = session.publishing || fitsQuota(db, session.owner, quota, { bytes: 0, uploads: 0 });
    if (!within) return 'quota' as const;
    change(db, session.id, 'assembling', { publishing: true });
    return 'publishing' as const;
  }),

  complete: writing(
    (
      db,
      args: { lease: Lease; published: { path: string; hash: FileHash; hookDue: boolean }; now: number },
    ) => {
      const { path, hash, hookDue } = args.published;
      const published = and(held(args.lease), eq(uploads.publishing, true));
      const [session] = move(db, 'assembling', 'completed', published, {
        ...NOT_LEASED,
        path,
        hash,
        hookDue,
        hookDueAt: hookDue ? args.now : null,
        suspect: false,
        endedAt: args.now,
      });
      return session ?? null;
    },
  ),

  fail: writing((db, { lease, error, now }: { lease: Lease; error: ErrorView; now: number }) => {
    const failed = move(db, 'assembling', 'failed', held(lease), { ...NOT_LEASED, error, endedAt: now });
    return failed.length === 1;
  }),

  retryLater: writing((db, { lease, retryAt }: { lease: Lease; retryAt: number }) => {
    const changes = { leaseHolder: null, dueAt: retryAt };
    return change(db, lease.uploadId, 'assembling', changes, held(lease)) !== null;
  }),

  nextDue: reading((db, { kind }: { kind: 'assembly' | 'hook' }): number | null => {
    const hooks = db
      .select({ due: min(uploads.hookDueAt) })
      .from(uploads)
      .where(sql`${uploads.hookDue} = 1`);
    const assemblies = db
      .select({ due: min(uploads.dueAt) })
      .from(throughIndex('uploads_due'))
      .where(and(sql`${uploads.status} = 'assembling'`, isNull(uploads.leaseHolder)));
    return (kind === 'hook' ? hooks : assemblies).get()?.due ?? null;
  }),
};
