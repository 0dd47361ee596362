import { and, eq, type SQL } from 'drizzle-orm';
import type { SQLiteUpdateSetSource } from 'drizzle-orm/sqlite-core';
import type { MOVES, Status } from '../../../../contract/index.js';
import type { UploadSession } from '../../sessions.js';
import { uploads } from '../schema.js';
import { sessionColumns } from './columns.js';
import type { Db } from './operation.js';
import { given, prepared } from './prepared.js';

export type Changes = Omit<SQLiteUpdateSetSource<typeof uploads>, 'id' | 'status'>;
/** What a prepared query is given when it runs, by the names of columns. */
type Values = Record<string, unknown>;

/** The one place that changes a status: one conditional update, of a pair that the table of moves allows. */
function moving<From extends Status>(
  db: Db,
  from: From,
  to: (typeof MOVES)[From][number],
  where: SQL | undefined,
  changes: Changes,
) {
  return db
    .update(uploads)
    .set({ ...changes, status: to })
    .where(and(eq(uploads.status, from), where))
    .returning(sessionColumns);
}

export function move<From extends Status>(
  db: Db,
  from: From,
  to: (typeof MOVES)[From][number],
  where: SQL | undefined,
  changes: Changes,
): UploadSession[] {
  return moving(db, from, to, where, changes).all();
}

/** A move of every upload's: `where` and `changes` name what is `given` when it runs. */
export function preparedMove<From extends Status>(
  from: From,
  to: (typeof MOVES)[From][number],
  where: SQL | undefined,
  changes: Changes,
): (db: Db, values: Values) => UploadSession[] {
  const query = prepared((db) => moving(db, from, to, where, changes).prepare());
  return (db, values) => query(db).all(values);
}

function changing(db: Db, id: string | SQL, status: Status | SQL, changes: Changes, where?: SQL) {
  return db
    .update(uploads)
    .set(changes)
    .where(and(eq(uploads.id, id), eq(uploads.status, status), where))
    .returning(sessionColumns);
}

/** Changes a session that stays in the status it is in; null where it is in another. */
export function change(
  db: Db,
  id: string,
  status: Status,
  changes: Changes,
  where?: SQL,
): UploadSession | null {
  return changing(db, id, status, changes, where).get() ?? null;
}

/** The same for a change of every upload's or chunk's. */
export function preparedChange(
  status: Status | SQL,
  changes: Changes,
  where?: SQL,
): (db: Db, values: Values & { id: string }) => UploadSession | null {
  const query = prepared((db) => changing(db, given.id, status, changes, where).prepare());
  return (db, values) => query(db).get(values) ?? null;
}
