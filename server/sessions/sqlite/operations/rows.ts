import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { UploadSession } from '../../sessions.js';
import { type chunks, uploads } from '../schema.js';
import type { Db } from './operation.js';

const {
  mismatches: _mismatches,
  leaseHolder: _leaseHolder,
  dueAt: _dueAt,
  hookDueAt: _hookDueAt,
  hookTaken: _hookTaken,
  hookError: _hookError,
  ...columns
} = getTableColumns(uploads);

/** The columns that make an UploadSession; the others are the repository's own. */
export const sessionColumns = columns;

/**
 * The statuses that an `init` joins and a quota counts, in the very words of the partial indexes: SQLite uses such an
 * index only where it finds the same condition, without parameters.
 */
export const matching: SQL = sql`${uploads.status} in ('receiving', 'assembling', 'completed')`;

export function selectSessions(db: Db) {
  return db.select(sessionColumns).from(uploads);
}

export function sessionById(db: Db, id: string): UploadSession | null {
  return selectSessions(db).where(eq(uploads.id, id)).get() ?? null;
}

/** `column` is one of `values`, however many they are. */
export function oneOf(
  column: SQL.Aliased | typeof chunks.index | typeof uploads.id,
  values: readonly unknown[],
): SQL {
  return sql`${column} in (select value from json_each(${JSON.stringify(values)}))`;
}
