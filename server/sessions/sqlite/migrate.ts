import path from 'node:path';
import type Database from 'better-sqlite3';
import { UploadError } from '../../../contract/index.js';
import { databaseOf } from '../../core-options.js';
import { migrations } from './migrations.js';
import type { DatabaseFiles } from './protocol.js';

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

/** Tags of those that a database still needs which has had `applied`, in order. */
export function pendingMigrations(applied: readonly string[], known: Migrations = migrations): string[] {
  return known.slice(applied.length).map(({ tag }) => tag);
}

/** The refusal of a start that must not migrate by itself. */
export function toMigrate({ file, lockFile }: DatabaseFiles, pending: readonly string[]): UploadError {
  const root = path.dirname(lockFile);
  const flags = ['--root', root, ...(file === databaseOf({ root }) ? [] : ['--database', file])];
  return new UploadError('STORE_UNAVAILABLE', {
    message: `${file} needs the migration${pending.length > 1 ? 's' : ''} ${pending.join(', ')}: run \`chunkwise migrate ${flags.map(quoted).join(' ')}\` or migrateUploads() while no server runs, or set the option migrate to 'auto'`,
  });
}

/** As a shell takes it for one word. */
const quoted = (word: string) => (/[^\w./:=+@-]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : word);

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
