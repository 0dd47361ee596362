import { and, asc, eq, inArray, isNotNull, isNull, lt, lte, type SQL, sql } from 'drizzle-orm';
import { isFinal, type Status } from '../../../../contract/index.js';
import { chunks, uploads } from '../schema.js';
import { type Changes, change, move, preparedChange } from './moves.js';
import { type Db, reading, writing } from './operation.js';
import { given } from './prepared.js';
import { selectSessions, throughIndex } from './rows.js';

/** Ended without a file; in the words of the partial index. */
const withoutFile = sql`${uploads.status} in ('gone', 'aborted', 'expired', 'failed')`;

const setCleaned = preparedChange(given.status, { staged: false });

export const ends = {
  abort: writing((db, { owner, id, now }: { owner: string; id: string; now: number }) => {
    const mine = and(eq(uploads.id, id), eq(uploads.owner, owner));
    const changes = { endedAt: now, leaseHolder: null, dueAt: null };
    const [moved] = [
      ...move(db, 'receiving', 'aborted', mine, changes),
      ...move(db, 'assembling', 'aborted', and(mine, eq(uploads.publishing, false)), changes),
    ];
    const session = moved ?? selectSessions(db).where(mine).get();
    return session ? { session, moved: moved !== undefined } : null;
  }),

  expire: writing((db, { now, limit }: { now: number; limit: number }) => {
    const over = db
      .select({ id: sql<string>`${uploads.id}` })
      .from(throughIndex('uploads_expiry'))
      .where(and(sql`${uploads.status} = 'receiving'`, lte(uploads.expiresAt, now)))
      .orderBy(asc(uploads.expiresAt))
      .limit(limit);
    return move(db, 'receiving', 'expired', inArray(uploads.id, over), { endedAt: now });
  }),

  markGone: writing((db, { id, now }: { id: string; now: number }) =>
    becomeGone(db, id, eq(uploads.id, id), { endedAt: now, movedTo: null }),
  ),

  intendMove: writing((db, args: { id: string; before: string | null; to: string | null }) => {
    const unchanged = args.before === null ? isNull(uploads.movedTo) : eq(uploads.movedTo, args.before);
    return change(db, args.id, 'completed', { movedTo: args.to }, unchanged) !== null;
  }),

  markMoved: writing((db, { id, to, now }: { id: string; to: string; now: number }) =>
    becomeGone(db, id, and(eq(uploads.id, id), eq(uploads.movedTo, to)), { endedAt: now, staged: true }),
  ),

  uncleaned: reading((db, { limit }: { limit: number }) =>
    selectSessions(db)
      .where(and(sql`${uploads.staged} = 1`, isNotNull(uploads.endedAt)))
      .orderBy(asc(uploads.endedAt))
      .limit(limit)
      .all(),
  ),

  markCleaned: writing((db, { id, status }: { id: string; status: Status }) => {
    if (!isFinal(status) || setCleaned(db, { id, status }) === null) return;
    if (status !== 'completed') db.delete(chunks).where(eq(chunks.uploadId, id)).run();
  }),

  purge: writing((db, { endedBefore, limit }: { endedBefore: number; limit: number }) => {
    const ended = db
      .select({ id: sql<string>`${uploads.id}` })
      .from(throughIndex('uploads_ended'))
      .where(
        and(
          withoutFile,
          eq(uploads.staged, false),
          eq(uploads.hookDue, false),
          lt(uploads.endedAt, endedBefore),
        ),
      )
      .orderBy(asc(uploads.endedAt))
      .limit(limit);
    return db.delete(uploads).where(inArray(uploads.id, ended)).run().changes;
  }),
};

function becomeGone(db: Db, id: string, where: SQL | undefined, changes: Changes): boolean {
  const gone = move(db, 'completed', 'gone', where, changes);
  // They were kept as a source to copy from; there is nothing to copy any more.
  if (gone.length > 0) db.delete(chunks).where(eq(chunks.uploadId, id)).run();
  return gone.length === 1;
}
