/**
 * The one table of errors begins here: every code, and whether the same request may succeed later, unchanged. What only
 * servers need of a row stands in `contract/server-errors.ts`, and never reaches a page; the whole is its `ERRORS`.
 */
export const RETRYABLE = {
  INPUT_INVALID: false,
  PLAN_MISMATCH: false,
  CHUNK_GEOMETRY: false,
  CHUNK_INCOMPLETE: true,
  UNAUTHORIZED: false,
  REFUSED: false,
  UPLOAD_NOT_FOUND: false,
  CHUNK_TIMEOUT: true,
  CHUNK_HASH_MISMATCH: true,
  CHUNK_CONFLICT: false,
  TARGET_EXISTS: false,
  UPLOAD_CLOSED: false,
  FILE_TOO_LARGE: false,
  METADATA_TOO_LARGE: false,
  TYPE_REFUSED: false,
  FILE_HASH_MISMATCH: false,
  HOOK_REFUSED: false,
  RATE_LIMITED: true,
  QUOTA_EXCEEDED: false,
  RETRIES_EXHAUSTED: false,
  SERVER_BUSY: true,
  STORAGE_FULL: true,
  STORE_UNAVAILABLE: true,
  ADAPTER_MISSING: false,
  INTERNAL: false,
  NETWORK: true,
  FILE_CHANGED: false,
  CANCELLED: false,
  PROTOCOL: true,
} as const satisfies Record<string, boolean>;

export type ErrorCode = keyof typeof RETRYABLE;

/** What is wrong and what to do, of errors that clients make as well. A server's come with its own words. */
export const CLIENT_MESSAGES = {
  INPUT_INVALID: 'The request has a missing or malformed field.',
  UPLOAD_CLOSED: 'The upload takes no more chunks.',
  NETWORK: 'The server cannot be reached. Check the address and the network, and try again.',
  FILE_CHANGED: 'The file changed while it was uploaded. Upload it again once it is complete.',
  CANCELLED: 'The upload was cancelled.',
  PROTOCOL: 'The answer did not come from a Chunkwise server. Check the address, and any proxy in between.',
} as const satisfies Partial<Record<ErrorCode, string>>;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(RETRYABLE, value);
}
