import { and, asc, desc, eq, gt, gte, isNotNull, type SQL, sql } from 'drizzle-orm';
import type { FileHash, Status } from '../../../../contract/index.js';
import type { ListQuery } from '../../sessions.js';
import { chunks, uploads } from '../schema.js';
import { reading } from './operation.js';
import { given, givenChunk, prepared } from './prepared.js';
import { matching, oneOf, selectSessions, sessionById } from './rows.js';

export interface Content {
  readonly owner: string;
  readonly hash: FileHash;
  readonly size: number;
  readonly chunkSize: number;
}

const newestFirst = [desc(uploads.createdAt), desc(uploads.id)] as const;
const newestOf = (where: SQL | undefined) =>
  prepared((db) =>
    selectSessions(db)
      .where(
        and(
          eq(uploads.owner, given.owner),
          eq(uploads.hash, given.hash),
          eq(uploads.size, given.size),
          eq(uploads.chunkSize, given.chunkSize),
          where,
        ),
      )
      .orderBy(...newestFirst)
      .limit(1)
      .prepare(),
  );
const newestLive = newestOf(and(isNotNull(uploads.declaredHash), matching));
const newestCompleted = newestOf(eq(uploads.status, 'completed'));
const byNewest = (a: Place, b: Place) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);

/** A place in a list that is ordered newest first. */
export interface Place {
  readonly createdAt: number;
  readonly id: string;
}

const chunkSizes = prepared((db) =>
  db
    .select({ chunkSize: uploads.chunkSize })
    .from(uploads)
    .where(
      and(
        eq(uploads.owner, given.owner),
        eq(uploads.size, given.size),
        eq(uploads.mode, 'chunked'),
        isNotNull(uploads.declaredHash),
        matching,
      ),
    )
    .groupBy(uploads.chunkSize)
    .orderBy(desc(sql`max(${uploads.createdAt})`), desc(sql`max(${uploads.id})`))
    .limit(sql.placeholder('limit'))
    .prepare(),
);

const chunksFrom = prepared((db) =>
  db
    .select({
      index: chunks.index,
      hash: chunks.hash,
      seq: chunks.seq,
      writer: chunks.writer,
      suspect: chunks.suspect,
    })
    .from(chunks)
    .where(and(eq(chunks.uploadId, givenChunk.uploadId), gte(chunks.index, givenChunk.index)))
    .orderBy(asc(chunks.index))
    .limit(sql.placeholder('limit'))
    .prepare(),
);

export const finding = {
  find: reading((db, { owner, id }: { owner: string; id: string }) => {
    const session = sessionById(db, id);
    return session?.owner === owner ? session : null;
  }),

  get: reading((db, { id }: { id: string }) => sessionById(db, id)),

  findByContent: reading((db, content: Content) => newestLive(db).get({ ...content }) ?? null),

  findCompleted: reading((db, content: Content) => newestCompleted(db).get({ ...content }) ?? null),

  list: reading((db, query: Omit<ListQuery, 'cursor'> & { after: Place | null }) => {
    const { owner, after, limit } = query;
    const first = (status?: Status) =>
      selectSessions(db)
        .where(
          and(
            eq(uploads.owner, owner),
            status && eq(uploads.status, status),
            after
              ? sql`(${uploads.createdAt}, ${uploads.id}) < (${after.createdAt}, ${after.id})`
              : undefined,
          ),
        )
        .orderBy(...newestFirst)
        .limit(limit)
        .all();
    if (query.statuses === undefined) return first();
    // From each status's own part of the index: rows in others cost nothing, however many they are.
    return [...new Set(query.statuses)].flatMap(first).sort(byNewest).slice(0, limit);
  }),

  page: reading((db, query: { status: Status; after: string | null; limit: number }) =>
    selectSessions(db)
      .where(
        and(eq(uploads.status, query.status), query.after === null ? undefined : gt(uploads.id, query.after)),
      )
      .orderBy(asc(uploads.id))
      .limit(query.limit)
      .all(),
  ),

  resumableChunkSizes: reading((db, query: { owner: string; size: number; limit: number }) =>
    chunkSizes(db)
      .all(query)
      .map(({ chunkSize }) => chunkSize),
  ),

  chunks: reading((db, { id, from, limit }: { id: string; from: number; limit: number }) =>
    chunksFrom(db).all({ uploadId: id, index: from, limit }),
  ),

  statuses: reading((db, { ids }: { ids: readonly string[] }) =>
    db.select({ id: uploads.id, status: uploads.status }).from(uploads).where(oneOf(uploads.id, ids)).all(),
  ),
};
