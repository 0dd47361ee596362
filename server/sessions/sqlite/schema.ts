import { sql } from 'drizzle-orm';
import {
  customType,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import type { ErrorView, Json, Metadata, Mode, Status } from '../../../contract/index.js';

/**
 * Text kept exactly. SQLite's own text is UTF-8, where two different lone surrogates become the same replacement
 * character; well-formed JSON escapes them, so that different texts stay different.
 */
const exactText = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => JSON.parse(value) as string,
});

/** Hexadecimal digits, stored as the bytes that they stand for. */
const hexBytes = customType<{ data: string; driverData: Buffer }>({
  dataType: () => 'blob',
  toDriver: (value) => Buffer.from(value, 'hex'),
  fromDriver: (value) => value.toString('hex'),
});

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false);

export const uploads = sqliteTable(
  'uploads',
  {
    id: text().primaryKey(),
    owner: exactText().notNull(),
    policy: exactText().notNull(),
    name: exactText().notNull(),
    relativePath: exactText('relative_path'),
    type: exactText(),
    lastModified: integer('last_modified'),
    metadata: text({ mode: 'json' }).$type<Metadata>(),
    /** SHA-256 of the metadata as JSON, for the identity: the metadata themselves may be too long for an index. */
    metadataHash: hexBytes('metadata_hash'),
    size: integer().notNull(),
    mode: text().$type<Mode>().notNull(),
    chunkSize: integer('chunk_size').notNull(),
    total: integer().notNull(),
    declaredHash: text('declared_hash'),
    hash: text(),
    status: text().$type<Status>().notNull(),
    receivedChunks: integer('received_chunks').notNull().default(0),
    receivedBytes: integer('received_bytes').notNull().default(0),
    lastReceived: integer('last_received'),
    lastSeq: integer('last_seq').notNull().default(0),
    syncedSeq: integer('synced_seq').notNull().default(0),
    suspect: flag('suspect'),
    mismatches: integer().notNull().default(0),
    copyFrom: text('copy_from'),
    attempt: integer().notNull().default(0),
    publishing: flag('publishing'),
    leaseHolder: text('lease_holder'),
    /** While assembling: nobody takes the lease before. The end of the lease while one is held. */
    dueAt: integer('due_at'),
    staged: flag('staged'),
    path: exactText(),
    movedTo: exactText('moved_to'),
    data: text({ mode: 'json' }).$type<Json>(),
    hookDue: flag('hook_due'),
    hookAttempt: integer('hook_attempt').notNull().default(0),
    /** While the hook is due: nobody calls it before. */
    hookDueAt: integer('hook_due_at'),
    /** A try of the hook is under way, so that `hookDueAt` is the end of that try and not of a pause. */
    hookTaken: flag('hook_taken'),
    /** Why the last try failed. */
    hookError: exactText('hook_error'),
    error: text({ mode: 'json' }).$type<ErrorView>(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    endedAt: integer('ended_at'),
  },
  (table) => [
    // NULLs are all different in an index; quote() makes a text of NULL that no other value has.
    uniqueIndex('uploads_identity')
      .on(
        table.owner,
        table.policy,
        table.declaredHash,
        table.size,
        table.chunkSize,
        table.name,
        sql`quote("relative_path")`,
        sql`quote("metadata_hash")`,
      )
      .where(sql`"status" in ('receiving', 'assembling', 'completed') and "declared_hash" is not null`),
    index('uploads_content').on(
      table.owner,
      table.hash,
      table.size,
      table.chunkSize,
      table.createdAt,
      table.id,
    ),
    // Also holds all that a quota sums up.
    index('uploads_size')
      .on(table.owner, table.size, table.status)
      .where(sql`"status" in ('receiving', 'assembling', 'completed')`),
    index('uploads_list').on(table.owner, table.createdAt, table.id),
    index('uploads_list_status').on(table.owner, table.status, table.createdAt, table.id),
    index('uploads_status').on(table.status, table.id),
    index('uploads_expiry').on(table.expiresAt).where(sql`"status" = 'receiving'`),
    index('uploads_due').on(table.dueAt).where(sql`"status" = 'assembling'`),
    index('uploads_hook_due').on(table.hookDueAt).where(sql`"hook_due" = 1`),
    index('uploads_uncleaned').on(table.endedAt).where(sql`"staged" = 1`),
    index('uploads_ended').on(table.endedAt).where(sql`"status" in ('gone', 'aborted', 'expired', 'failed')`),
  ],
);

/** Accepted chunks. */
export const chunks = sqliteTable(
  'chunks',
  {
    uploadId: text('upload_id')
      .notNull()
      .references(() => uploads.id, { onDelete: 'cascade' }),
    index: integer().notNull(),
    hash: hexBytes().notNull(),
    seq: integer().notNull(),
    writer: text(),
    suspect: flag('suspect'),
  },
  (table) => [primaryKey({ columns: [table.uploadId, table.index] })],
);

/** Facts about the database itself. */
export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() });
