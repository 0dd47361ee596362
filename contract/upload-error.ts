import { CLIENT_MESSAGES, type ErrorCode, isErrorCode, RETRYABLE } from './errors.js';
import type { Plan } from './plan.js';
import type { Status } from './states.js';

/** What `error.data.upload` carries. Only what applies to the code is present. */
export interface UploadErrorData {
  code: ErrorCode;
  retryable: boolean;
  /** Do not try again before this many milliseconds. */
  retryAfterMs?: number;
  /** The chunk to send again. */
  index?: number;
  /** What the server wanted: a hash, a number of bytes, a list of types. */
  expected?: string | number;
  /** What it got. Of an answer that no Chunkwise server gave, the HTTP status; 0 where a browser hides it. */
  received?: string | number;
  /** Mismatches that the session still bears before it fails. */
  retriesLeft?: number;
  /** The plan to use (PLAN_MISMATCH), or that the upload has (CHUNK_GEOMETRY). */
  plan?: Plan;
  /** UPLOAD_CLOSED: the state that the upload is in, and its path where it is completed. */
  status?: Status;
  path?: string;
}

export interface UploadErrorOptions extends Omit<UploadErrorData, 'code' | 'retryable'> {
  message?: string;
  uploadId?: string;
  /** Overrides the table, e.g. where a proxy's page is known to be permanent. */
  retryable?: boolean;
  cause?: unknown;
}

/** The one error that Chunkwise throws, as clients make it: the words of a server's come from the server. */
export class PlainUploadError extends Error {
  override readonly name = 'UploadError';
  // `declare`: fields that the constructor sets need no code of their own.
  declare readonly code: ErrorCode;
  declare readonly retryable: boolean;
  declare readonly uploadId: string | undefined;
  declare readonly index: number | undefined;
  /** All that `error.data.upload` carries. */
  declare readonly data: UploadErrorData;

  constructor(code: ErrorCode, options: UploadErrorOptions = {}) {
    const { message = messageOf(code), cause, uploadId, retryable = RETRYABLE[code], ...details } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    this.uploadId = uploadId;
    this.index = details.index;
    // As a server sends it: without what is undefined.
    this.data = JSON.parse(JSON.stringify({ code, retryable, ...details }));
  }

  /** As `isUploadError`: whichever of the two classes, and whichever copy of the package, has made it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isUploadError(value);
  }
}

function messageOf(code: ErrorCode): string {
  const messages: Partial<Record<ErrorCode, string>> = CLIENT_MESSAGES;
  return messages[code] ?? `The server refused the request (${code}).`;
}

/** By name and code, so that it holds across realms and duplicated packages. */
export function isUploadError(value: unknown): value is PlainUploadError {
  if (Object.prototype.toString.call(value) !== '[object Error]') return false;
  const { name, code } = value as PlainUploadError;
  return name === 'UploadError' && isErrorCode(code);
}
