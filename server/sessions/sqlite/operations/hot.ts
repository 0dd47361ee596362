import { and, eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { chunks, uploads } from '../schema.js';
import { sessionColumns } from './columns.js';

const { placeholder } = sql;

/** The queries of every chunk, built and compiled once: building one costs more than running it. */
export function prepareHotQueries(db: BetterSQLite3Database) {
  const chunk = and(eq(chunks.uploadId, placeholder('uploadId')), eq(chunks.index, placeholder('index')));
  const given = (name: string) => sql`${placeholder(name)}`;
  return {
    sessionById: db
      .select(sessionColumns)
      .from(uploads)
      .where(eq(uploads.id, placeholder('id')))
      .prepare(),

    acceptedHash: db.select({ hash: chunks.hash }).from(chunks).where(chunk).prepare(),

    putChunk: db
      .insert(chunks)
      .values({
        uploadId: placeholder('uploadId'),
        index: placeholder('index'),
        hash: placeholder('hash'),
        seq: placeholder('seq'),
        writer: placeholder('writer'),
        suspect: false,
      })
      .onConflictDoUpdate({
        target: [chunks.uploadId, chunks.index],
        set: { seq: sql`excluded.seq`, writer: sql`excluded.writer`, suspect: false },
      })
      .prepare(),

    countAcceptance: db
      .update(uploads)
      .set({
        receivedChunks: given('receivedChunks'),
        receivedBytes: given('receivedBytes'),
        lastReceived: given('lastReceived'),
        lastSeq: given('lastSeq'),
        syncedSeq: given('syncedSeq'),
      })
      .where(and(eq(uploads.id, placeholder('id')), eq(uploads.status, 'receiving')))
      .returning(sessionColumns)
      .prepare(),
  };
}

export type HotQueries = ReturnType<typeof prepareHotQueries>;
