import type Database from 'better-sqlite3';
import { UploadError } from '../../../contract/index.js';
import { migrations } from './migrations.js';

export const MIGRATIONS_TABLE = 'chunkwise_migrations';

type Migrations = typeof migrations;

/** Tags of the migrations that the database has had, in order; null: it has no table of them. */
export function appliedMigrations(sqlite: Database.Database): string[] | null {
  const known = sqlite.prepare('select 1 from sqlite_master where type = ? and name = ?');
  if (known.get('table', MIGRATIONS_TABLE) === undefined) return null;
  return sqlite.prepare(`select tag from ${MIGRATIONS_TABLE} order by id`).pluck().all() as string[];
}

/** @throws UploadError INTERNAL where the database has had a migration that this version does not know */
export function refuseNewer(applied: readonly string[], file: string, known: Migrations = migrations): void {
  const unknown = applied.find((tag, position) => known[position]?.tag !== tag);
  if (unknown !== undefined)
    throw new UploadError('INTERNAL', {
      message: `${file} was made by a newer version of Chunkwise (migration ${unknown}): run that version or a later one`,
    });
}

/** Applies what is missing, each migration in a transaction of its own together with its record. */
export function migrate(sqlite: Database.Database, file: string, known: Migrations = migrations): void {
  sqlite.exec(
    `create table if not exists ${MIGRATIONS_TABLE} (id integer primary key, tag text not null unique)`,
  );
  const applied = appliedMigrations(sqlite) ?? [];
  refuseNewer(applied, file, known);
  const record = sqlite.prepare(`insert into ${MIGRATIONS_TABLE} (tag) values (?)`);
  const apply = sqlite.transaction(({ tag, statements }: Migrations[number]) => {
    for (const statement of statements) sqlite.exec(statement);
    record.run(tag);
  });
  for (const migration of known.slice(applied.length)) apply.immediate(migration);
}
