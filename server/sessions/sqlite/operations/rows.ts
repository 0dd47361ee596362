import { eq, type SQL, sql } from 'drizzle-orm';
import type { UploadSession } from '../../sessions.js';
import { type chunks, uploads } from '../schema.js';
import { sessionColumns } from './columns.js';
import type { Db } from './operation.js';
import { given, prepared } from './prepared.js';

/**
 * The statuses that an `init` joins and a quota counts, in the very words of the partial indexes: SQLite uses such an
 * index only where it finds the same condition, without parameters.
 */
export const matching: SQL = sql`${uploads.status} in ('receiving', 'assembling', 'completed')`;

/**
 * The table, read through an index by name: SQLite would rather take another one that begins with the status, and
 * would then look at every row of that status.
 */
export function throughIndex(name: 'uploads_size' | 'uploads_due' | 'uploads_expiry' | 'uploads_ended'): SQL {
  return sql`${uploads} indexed by ${sql.identifier(name)}`;
}

export function selectSessions(db: Db) {
  return db.select(sessionColumns).from(uploads);
}

const byId = prepared((db) => selectSessions(db).where(eq(uploads.id, given.id)).prepare());

export function sessionById(db: Db, id: string): UploadSession | null {
  return byId(db).get({ id }) ?? null;
}

/** Its policy is none of those that are given, by `policyList`, as `passedOver`. */
export const besidesPolicies: SQL = sql`${uploads.policy} not in (select value from json_each(${sql.placeholder('passedOver')}))`;

/** Policies as their column holds them, in one parameter. */
export function policyList(names: readonly string[]): string {
  return JSON.stringify(names.map((name) => uploads.policy.mapToDriverValue(name)));
}

/** `column` is one of `values`, however many they are. */
export function oneOf(
  column: SQL.Aliased | typeof chunks.index | typeof uploads.id,
  values: readonly unknown[],
): SQL {
  return sql`${column} in (select value from json_each(${JSON.stringify(values)}))`;
}
