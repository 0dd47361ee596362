import { and, eq, type SQL } from 'drizzle-orm';
import type { SQLiteUpdateSetSource } from 'drizzle-orm/sqlite-core';
import type { MOVES, Status } from '../../../../contract/index.js';
import type { UploadSession } from '../../sessions.js';
import { uploads } from '../schema.js';
import { sessionColumns } from './columns.js';
import type { Db } from './operation.js';

export type Changes = Omit<SQLiteUpdateSetSource<typeof uploads>, 'id' | 'status'>;

/** The one place that changes a status: one conditional update, of a pair that the table of moves allows. */
export function move<From extends Status>(
  db: Db,
  from: From,
  to: (typeof MOVES)[From][number],
  where: SQL | undefined,
  changes: Changes,
): UploadSession[] {
  return db
    .update(uploads)
    .set({ ...changes, status: to })
    .where(and(eq(uploads.status, from), where))
    .returning(sessionColumns)
    .all();
}

/** Changes a session that stays in the status it is in; null where it is in another. */
export function change(
  db: Db,
  id: string,
  status: Status,
  changes: Changes,
  where?: SQL,
): UploadSession | null {
  return (
    db
      .update(uploads)
      .set(changes)
      .where(and(eq(uploads.id, id), eq(uploads.status, status), where))
      .returning(sessionColumns)
      .get() ?? null
  );
}
