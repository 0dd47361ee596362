import { and, asc, eq, inArray, isNotNull, lt, lte, sql } from 'drizzle-orm';
import { FINAL_STATUSES } from '../../../../contract/index.js';
import { chunks, uploads } from '../schema.js';
import { move } from './moves.js';
import { reading, writing } from './operation.js';
import { selectSessions, sessionById, throughIndex } from './rows.js';

/** Ended without a file; in the words of the partial index. */
const withoutFile = sql`${uploads.status} in ('gone', 'aborted', 'expired', 'failed')`;

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

  markGone: writing((db, { id, now }: { id: string; now: number }) => {
    const gone = move(db, 'completed', 'gone', eq(uploads.id, id), { endedAt: now });
    // They were kept as a source to copy from; there is nothing to copy any more.
    if (gone.length > 0) db.delete(chunks).where(eq(chunks.uploadId, id)).run();
    return gone.length === 1;
  }),

  uncleaned: reading((db, { limit }: { limit: number }) =>
    selectSessions(db)
      .where(and(sql`${uploads.staged} = 1`, isNotNull(uploads.endedAt)))
      .orderBy(asc(uploads.endedAt))
      .limit(limit)
      .all(),
  ),

  markCleaned: writing((db, { id }: { id: string }) => {
    const cleaned = db
      .update(uploads)
      .set({ staged: false })
      .where(and(eq(uploads.id, id), inArray(uploads.status, [...FINAL_STATUSES])))
      .run();
    if (cleaned.changes > 0 && sessionById(db, id)?.status !== 'completed')
      db.delete(chunks).where(eq(chunks.uploadId, id)).run();
  }),

  purge: writing((db, { endedBefore, limit }: { endedBefore: number; limit: number }) => {
    const ended = db
      .select({ id: sql<string>`${uploads.id}` })
      .from(throughIndex('uploads_ended'))
      .where(and(withoutFile, eq(uploads.staged, false), lt(uploads.endedAt, endedBefore)))
      .orderBy(asc(uploads.endedAt))
      .limit(limit);
    return db.delete(uploads).where(inArray(uploads.id, ended)).run().changes;
  }),
};
