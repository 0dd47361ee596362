import { ERRORS, type ErrorCode, isErrorCode } from './errors.js';
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

const DETAIL_KEYS = [
  'retryAfterMs',
  'index',
  'expected',
  'received',
  'retriesLeft',
  'plan',
  'status',
  'path',
] as const;

/** The one error that Chunkwise throws, on both sides. */
export class UploadError extends Error {
  override readonly name = 'UploadError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly uploadId: string | undefined;
  readonly index: number | undefined;
  /** All that `error.data.upload` carries. */
  readonly data: UploadErrorData;

  constructor(code: ErrorCode, options: UploadErrorOptions = {}) {
    super(
      options.message ?? ERRORS[code].message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.retryable = options.retryable ?? ERRORS[code].retryable;
    this.uploadId = options.uploadId;
    this.index = options.index;
    const data: Record<string, unknown> = { code, retryable: this.retryable };
    for (const key of DETAIL_KEYS) if (options[key] !== undefined) data[key] = options[key];
    this.data = data as unknown as UploadErrorData;
  }
}

/** By name and code, so that it holds across realms and duplicated packages. */
export function isUploadError(value: unknown): value is UploadError {
  if (Object.prototype.toString.call(value) !== '[object Error]') return false;
  const { name, code } = value as UploadError;
  return name === 'UploadError' && isErrorCode(code);
}
