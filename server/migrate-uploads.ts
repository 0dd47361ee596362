import { type CoreOptions, databaseOf, lockFileOf, workerOf } from './core-options.js';
import { fromFault } from './sessions/sqlite/faults.js';
import { threadConnection } from './sessions/sqlite/thread-connection.js';

export interface Migrated {
  /** The database file; it was made if there was none. */
  readonly database: string;
  /** Names of the migrations that were applied now, in order; none: it was up to date. */
  readonly applied: readonly string[];
}

/**
 * Brings the database of a root up to this version, for servers with `migrate: 'manual'`. Each migration is applied
 * whole or not at all, so that a run that was broken off can be repeated.
 * @throws UploadError STORE_UNAVAILABLE while a server uses the root, with nothing changed; INTERNAL where the database
 *   is damaged, is not Chunkwise's, or was made by a newer version
 */
export async function migrateUploads(
  options: Pick<CoreOptions, 'root' | 'database' | 'worker'>,
): Promise<Migrated> {
  const database = databaseOf(options);
  const files = { file: database, lockFile: lockFileOf(options) };
  const connection = threadConnection({ ...files, worker: workerOf(options) });
  try {
    const answer = await connection.open();
    if ('fault' in answer) throw fromFault(answer.fault);
    return { database, applied: answer.result };
  } finally {
    await connection.close();
  }
}
