import type Database from 'better-sqlite3';
import type { drizzle } from 'drizzle-orm/better-sqlite3';
import { UploadError } from '../../../contract/index.js';
import { here, isBundled } from '../../bundled.js';
import { sqliteCode } from './faults.js';

/** Below it, two connections that write and checkpoint at the same moment can corrupt a database in WAL mode. */
export const MIN_SQLITE_VERSION = '3.51.3';

export type DatabaseClass = new (file: string, options?: Database.Options) => Database.Database;

export interface Driver {
  readonly Database: DatabaseClass;
  readonly drizzle: typeof drizzle;
}

/**
 * Loads better-sqlite3, an optional peer with native code: pnpm, for one, installs it without building it.
 * @throws UploadError INTERNAL that says what to install
 */
export async function loadDriver(load: () => Promise<Driver> = importDriver): Promise<Driver> {
  try {
    const driver = await load();
    const probe = new driver.Database(':memory:');
    const version = String(probe.prepare('select sqlite_version()').pluck().get());
    probe.close();
    if (isOlder(version, MIN_SQLITE_VERSION))
      throw new UploadError('INTERNAL', {
        message: `SQLite ${version} can corrupt databases; ${MIN_SQLITE_VERSION} or newer is needed: npm install better-sqlite3@12`,
      });
    return driver;
  } catch (cause) {
    if (cause instanceof UploadError) throw cause;
    const missing = sqliteCode(cause).endsWith('MODULE_NOT_FOUND');
    const message = missing
      ? 'The SQLite driver is not installed: npm install better-sqlite3@12'
      : isBundled
        ? `The SQLite driver does not load in the bundle ${here}: keep better-sqlite3 out of the bundle (esbuild: external: ['better-sqlite3']; Vite: ssr.external: ['better-sqlite3']), or, where it is out already, npm rebuild better-sqlite3; see docs/bundlers.md`
        : 'The SQLite driver is not built for this Node.js: npm rebuild better-sqlite3 (with pnpm: pnpm approve-builds)';
    throw new UploadError('INTERNAL', { message, cause });
  }
}

async function importDriver(): Promise<Driver> {
  const [{ default: Database }, { drizzle }] = await Promise.all([
    import('better-sqlite3'),
    import('drizzle-orm/better-sqlite3'),
  ]);
  return { Database, drizzle };
}

/** Compares dotted versions number by number. */
export function isOlder(version: string, floor: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [position, wanted] of floor.split('.').map(Number).entries()) {
    const part = parts[position] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
