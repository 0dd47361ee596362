import { type ErrorCode, isUploadError, UploadError } from '../../../contract/index.js';
import type { Fault } from './protocol.js';

/** SQLite's primary result codes that are not a bug of ours; extended codes begin with the same letters. */
const CODES: readonly (readonly [sqlite: string, code: ErrorCode])[] = [
  ['SQLITE_FULL', 'STORAGE_FULL'],
  ['ENOSPC', 'STORAGE_FULL'],
  ['SQLITE_BUSY', 'STORE_UNAVAILABLE'],
  ['SQLITE_LOCKED', 'STORE_UNAVAILABLE'],
  ['SQLITE_IOERR', 'STORE_UNAVAILABLE'],
  ['SQLITE_CANTOPEN', 'STORE_UNAVAILABLE'],
  ['SQLITE_READONLY', 'STORE_UNAVAILABLE'],
];

/** The `code` of a SqliteError or of a system error, also where Drizzle wrapped it; '' where there is none. */
export function sqliteCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return sqliteCode(error.cause);
}

/** The one translation of what a database may throw. */
export function toFault(error: unknown): Fault {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (isUploadError(error)) return { code: error.code, message: error.message, detail };
  const code = sqliteCode(error);
  const known = CODES.find(([prefix]) => code.startsWith(prefix));
  return { code: known?.[1] ?? 'INTERNAL', message: null, detail: code ? `${code}: ${detail}` : detail };
}

export function fromFault({ code, message, detail }: Fault): UploadError {
  return new UploadError(code, { ...(message !== null && { message }), cause: new Error(detail) });
}
