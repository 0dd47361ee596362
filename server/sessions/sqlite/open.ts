import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { SQLITE_BUSY_TIMEOUT_MS, UploadError } from '../../../contract/index.js';
import { databaseOf, lockFileOf } from '../../core-options.js';
import { type DatabaseClass, loadDriver } from './driver.js';
import { inspectDatabase } from './inspect.js';
import { takeLock } from './lock.js';
import { migrate, pendingMigrations, toMigrate } from './migrate.js';
import type { Db } from './operations/operation.js';
import type { DatabaseFiles } from './protocol.js';
import { bindToRoot } from './root-mark.js';

export interface OpenDatabase {
  readonly sqlite: Database.Database;
  readonly db: Db;
  /** Tags of the migrations that this opening applied. */
  readonly migrated: string[];
  close(): void;
}

/** Takes the lock before it touches anything else; after a rejection nothing is held and nothing was changed. */
export async function openDatabase(files: DatabaseFiles): Promise<OpenDatabase> {
  const { file, lockFile, unsynced = false } = files;
  const { Database, drizzle } = await loadDriver();
  for (const folder of [lockFile, file]) mkdirSync(path.dirname(folder), { recursive: true });
  const lock = takeLocks(Database, files);
  try {
    const applied = inspectDatabase(Database, file);
    const pending = pendingMigrations(applied);
    if (files.migrate === 'manual' && pending.length > 0) throw toMigrate(files, pending);
    const sqlite = new Database(file, { timeout: SQLITE_BUSY_TIMEOUT_MS });
    try {
      configure(sqlite, unsynced);
      // Before it is changed: another root's server may be running on it.
      if (applied.length > 0) bindToRoot(sqlite, file, path.dirname(lockFile));
      migrate(sqlite, file);
      assertDurable(sqlite, unsynced);
      bindToRoot(sqlite, file, path.dirname(lockFile));
    } catch (error) {
      sqlite.close();
      throw error;
    }
    return {
      sqlite,
      migrated: pending,
      db: drizzle(sqlite),
      close() {
        sqlite.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Of its own root; and of the one that the database is the default one of, whose server may be running. */
function takeLocks(Database: DatabaseClass, { file, lockFile }: DatabaseFiles): { release(): void } {
  const own = takeLock(Database, lockFile);
  const root = path.dirname(file);
  const other = lockFileOf({ root });
  if (file !== databaseOf({ root }) || other === lockFile || !existsSync(other)) return own;
  try {
    const theirs = takeLock(Database, other);
    return {
      release() {
        theirs.release();
        own.release();
      },
    };
  } catch (error) {
    own.release();
    throw error;
  }
}

function configure(sqlite: Database.Database, unsynced: boolean): void {
  // Compiled in for WAL is NORMAL, with which a power cut takes back committed transactions.
  sqlite.pragma(`synchronous = ${unsynced ? 'OFF' : 'FULL'}`);
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('foreign_keys = ON');
  // A failed read of mapped memory is a signal that kills the process instead of an error.
  sqlite.pragma('mmap_size = 0');
}

/** Call it after a table was read: SQLite fixes `synchronous` only then, and before tells the default. */
function assertDurable(sqlite: Database.Database, unsynced: boolean): void {
  sqlite.prepare('select count(*) from uploads').get();
  const settings = {
    journal_mode: 'wal',
    // 2 is FULL, 0 is OFF.
    synchronous: unsynced ? 0 : 2,
    foreign_keys: 1,
  };
  for (const [name, wanted] of Object.entries(settings)) {
    const actual = sqlite.pragma(name, { simple: true });
    if (actual !== wanted)
      throw new UploadError('STORE_UNAVAILABLE', {
        message: `SQLite refuses ${name} = ${wanted} (it is ${String(actual)}): is the folder on a local disk?`,
      });
  }
}
