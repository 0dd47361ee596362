import { statSync } from 'node:fs';
import { UploadError } from '../../../contract/index.js';
import type { DatabaseClass } from './driver.js';
import { sqliteCode } from './faults.js';
import { appliedMigrations, refuseNewer } from './migrate.js';

/**
 * Looks at an existing database without changing a byte of it: a connection that can write would move the log of an
 * earlier run into a file that may be damaged. A missing or empty file is a new database.
 * @returns tags of the migrations that it has had
 * @throws UploadError INTERNAL where it is damaged, made by a newer version, or not ours
 */
export function inspectDatabase(Database: DatabaseClass, file: string): readonly string[] {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return [];
  const sqlite = new Database(file, { readonly: true });
  try {
    const verdict = sqlite.pragma('quick_check(1)', { simple: true });
    if (verdict !== 'ok') throw damaged(file, new Error(String(verdict)));
    const applied = appliedMigrations(sqlite);
    if (applied) refuseNewer(applied, file);
    else if (sqlite.prepare('select 1 from sqlite_master').get() !== undefined)
      throw new UploadError('INTERNAL', {
        message: `${file} is a database of another program: choose another folder`,
      });
    return applied ?? [];
  } catch (cause) {
    const code = sqliteCode(cause);
    if (code === 'SQLITE_NOTADB')
      throw new UploadError('INTERNAL', {
        message: `${file} is not an SQLite database: move it away`,
        cause,
      });
    if (code.startsWith('SQLITE_CORRUPT')) throw damaged(file, cause);
    throw cause;
  } finally {
    sqlite.close();
  }
}

function damaged(file: string, cause: unknown): UploadError {
  return new UploadError('INTERNAL', {
    message: `The database ${file} is damaged: restore it from a backup, or move it away to start empty`,
    cause,
  });
}
