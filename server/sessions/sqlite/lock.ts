import path from 'node:path';
import { UploadError } from '../../../contract/index.js';
import type { DatabaseClass } from './driver.js';
import { sqliteCode } from './faults.js';

/**
 * Holds an SQLite file exclusively until `release`. The kernel frees it when the process dies, however it dies; a
 * second instance within this process is refused as well.
 * @throws UploadError STORE_UNAVAILABLE while another server holds it
 */
export function takeLock(Database: DatabaseClass, lockFile: string): { release(): void } {
  const lock = new Database(lockFile, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const code = sqliteCode(cause);
    if (code.startsWith('SQLITE_BUSY'))
      throw new UploadError('STORE_UNAVAILABLE', {
        message: `another Chunkwise server is using ${path.dirname(lockFile)}: stop it, or choose another folder`,
        cause,
      });
    if (code.startsWith('SQLITE_NOTADB'))
      throw new UploadError('INTERNAL', {
        message: `${lockFile} is not Chunkwise's lock: move it away`,
        cause,
      });
    throw cause;
  }
  return { release: () => lock.close() };
}
