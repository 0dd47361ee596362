import { and, asc, eq, gt, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { UploadSession } from '../../sessions.js';
import { chunks, meta, uploads } from '../schema.js';
import { forgetChunks } from './forget.js';
import { type Changes, change } from './moves.js';
import { type Db, reading, writing } from './operation.js';
import { given, prepared } from './prepared.js';
import { oneOf, selectSessions, sessionById } from './rows.js';

const BOOT_KEY = 'boot_id';

const raiseSynced = prepared((db) =>
  db
    .update(uploads)
    .set({ syncedSeq: sql`min(${given.syncedSeq}, ${uploads.lastSeq})` })
    .where(and(eq(uploads.id, given.id), lt(uploads.syncedSeq, given.syncedSeq)))
    .prepare(),
);

export const durability = {
  unsynced: reading((db, { after, limit }: { after: string | null; limit: number }) =>
    selectSessions(db)
      .where(
        and(
          eq(uploads.status, 'receiving'),
          gt(uploads.lastSeq, uploads.syncedSeq),
          after === null ? undefined : gt(uploads.id, after),
        ),
      )
      .orderBy(asc(uploads.id))
      .limit(limit)
      .all(),
  ),

  recordSynced: writing((db, { id, seq }: { id: string; seq: number }) => {
    raiseSynced(db).run({ id, syncedSeq: seq });
  }),

  dropUnsynced: writing((db, { id }: { id: string }) => {
    const session = sessionById(db, id);
    if (session?.status !== 'receiving') return 0;
    return forgetIn(db, session, gt(chunks.seq, session.syncedSeq), { syncedSeq: session.lastSeq });
  }),

  markBoot: writing((db, { bootId }: { bootId: string }) => {
    const recorded = db.select().from(meta).where(eq(meta.key, BOOT_KEY)).get()?.value;
    if (recorded === bootId) return { changed: false };
    db.insert(meta)
      .values({ key: BOOT_KEY, value: bootId })
      .onConflictDoUpdate({ target: meta.key, set: { value: bootId } })
      .run();
    if (recorded === undefined) return { changed: false };
    const unsynced = and(
      inArray(uploads.status, ['receiving', 'assembling']),
      gt(uploads.lastSeq, uploads.syncedSeq),
    );
    for (const { id, syncedSeq } of db.select().from(uploads).where(unsynced).all()) {
      const beyond = and(eq(chunks.uploadId, id), gt(chunks.seq, syncedSeq));
      const marked = db.update(chunks).set({ suspect: true }).where(beyond).run();
      if (marked.changes > 0) db.update(uploads).set({ suspect: true }).where(eq(uploads.id, id)).run();
    }
    return { changed: true };
  }),

  suspectUploads: reading((db, _: Record<never, never>) =>
    db
      .select({ id: uploads.id })
      .from(uploads)
      .where(and(eq(uploads.status, 'receiving'), eq(uploads.suspect, true)))
      .orderBy(asc(uploads.id))
      .all()
      .map(({ id }) => id),
  ),

  settleSuspects: writing((db, { id, damaged }: { id: string; damaged: readonly number[] }) => {
    const session = sessionById(db, id);
    if (session?.status !== 'receiving') return;
    const stillSuspect = and(eq(chunks.suspect, true), oneOf(chunks.index, damaged));
    forgetIn(db, session, stillSuspect, { suspect: false });
    clearSuspicion(db, id);
  }),

  dropAll: writing((db, { id }: { id: string }) => {
    const session = sessionById(db, id);
    if (session?.status === 'receiving')
      forgetIn(db, session, undefined, { suspect: false, syncedSeq: session.lastSeq });
  }),

  drop: writing((db, { id, damaged }: { id: string; damaged: readonly number[] }) => {
    const session = sessionById(db, id);
    if (session?.status !== 'receiving') return 0;
    return forgetIn(db, session, oneOf(chunks.index, damaged), {});
  }),
};

export function clearSuspicion(db: Db, id: string): void {
  db.update(chunks)
    .set({ suspect: false })
    .where(and(eq(chunks.uploadId, id), eq(chunks.suspect, true)))
    .run();
}

/** Forgets chunks of a `receiving` session, with `changes` to the session itself. Number forgotten. */
function forgetIn(db: Db, session: UploadSession, which: SQL | undefined, changes: Changes): number {
  const { number, counters } = forgetChunks(db, session, which);
  change(db, session.id, 'receiving', { ...changes, ...counters });
  return number;
}
