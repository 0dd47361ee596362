/** What only servers need of the table of errors that begins in `contract/errors.ts`. */
import { CLIENT_MESSAGES, type ErrorCode, RETRYABLE } from './errors.js';
import { PlainUploadError, type UploadErrorOptions } from './upload-error.js';

/** tRPC's error keys that Chunkwise answers with, and the HTTP status that each stands for. */
const HTTP_STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TIMEOUT: 408,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_CONTENT: 422,
  TOO_MANY_REQUESTS: 429,
  SERVICE_UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
} as const;

export type TrpcCode = keyof typeof HTTP_STATUS;

/** What is wrong and what to do, of errors that only servers make. */
const SERVER_MESSAGES = {
  PLAN_MISMATCH:
    'The chunk size or the number of chunks does not fit this policy. Use the plan in the answer.',
  CHUNK_GEOMETRY: "The chunk's index, offset, size or total does not follow from the upload's plan.",
  CHUNK_INCOMPLETE: 'The body has fewer or more bytes than the chunk declares. Send the chunk again, whole.',
  UNAUTHORIZED: 'You are not signed in. Sign in, or give a valid token.',
  REFUSED: 'The server does not allow this upload.',
  UPLOAD_NOT_FOUND: 'There is no such upload. Start a new one.',
  CHUNK_TIMEOUT: 'The chunk arrived too slowly. Send it again, with fewer chunks at the same time.',
  CHUNK_HASH_MISMATCH: "The chunk's bytes do not match its hash. Send the chunk again.",
  CHUNK_CONFLICT:
    'Another content was accepted for this chunk: the file changed. Start a new upload of the file as it is now.',
  TARGET_EXISTS:
    'There is something at the target already, and nothing is ever replaced. Choose another path.',
  FILE_TOO_LARGE: 'The file is larger than this policy allows.',
  METADATA_TOO_LARGE: 'The metadata is larger than the server accepts.',
  TYPE_REFUSED: 'This policy does not accept files of this type.',
  FILE_HASH_MISMATCH:
    'The chunks do not add up to the declared file hash: the file changed, or its hash was computed wrongly.',
  HOOK_REFUSED: 'The server refused the file after looking at its content.',
  RATE_LIMITED: 'Too many requests. Wait and try again.',
  QUOTA_EXCEEDED: 'The upload would exceed your quota. Delete files or abort unfinished uploads first.',
  RETRIES_EXHAUSTED:
    'Too many chunks of this upload arrived damaged. Check the network or the disk, then start again.',
  SERVER_BUSY: 'The server is busy. Try again in a moment.',
  STORAGE_FULL: "The server's storage is full. The upload can go on once there is room.",
  STORE_UNAVAILABLE: "The server's storage does not answer as it should. The upload can go on later.",
  ADAPTER_MISSING:
    "The server lacks Chunkwise's adapter hook for its framework. Add it before tRPC's handler; see docs/adapters.md.",
  INTERNAL: 'The server failed unexpectedly. Its log says why.',
} as const satisfies Record<Exclude<ErrorCode, keyof typeof CLIENT_MESSAGES>, string>;

/** What a server answers each of them as; null: made by the client, never sent by a server. */
const ANSWERED_AS = {
  INPUT_INVALID: 'BAD_REQUEST',
  PLAN_MISMATCH: 'BAD_REQUEST',
  CHUNK_GEOMETRY: 'BAD_REQUEST',
  CHUNK_INCOMPLETE: 'BAD_REQUEST',
  UNAUTHORIZED: 'UNAUTHORIZED',
  REFUSED: 'FORBIDDEN',
  UPLOAD_NOT_FOUND: 'NOT_FOUND',
  CHUNK_TIMEOUT: 'TIMEOUT',
  CHUNK_HASH_MISMATCH: 'CONFLICT',
  CHUNK_CONFLICT: 'CONFLICT',
  TARGET_EXISTS: 'CONFLICT',
  UPLOAD_CLOSED: 'PRECONDITION_FAILED',
  FILE_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  METADATA_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  TYPE_REFUSED: 'UNSUPPORTED_MEDIA_TYPE',
  FILE_HASH_MISMATCH: 'UNPROCESSABLE_CONTENT',
  HOOK_REFUSED: 'UNPROCESSABLE_CONTENT',
  RATE_LIMITED: 'TOO_MANY_REQUESTS',
  QUOTA_EXCEEDED: 'TOO_MANY_REQUESTS',
  RETRIES_EXHAUSTED: 'TOO_MANY_REQUESTS',
  SERVER_BUSY: 'SERVICE_UNAVAILABLE',
  STORAGE_FULL: 'SERVICE_UNAVAILABLE',
  STORE_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  ADAPTER_MISSING: 'INTERNAL_SERVER_ERROR',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
  NETWORK: null,
  FILE_CHANGED: null,
  CANCELLED: null,
  PROTOCOL: null,
} as const satisfies Record<ErrorCode, TrpcCode | null>;

/** Codes that a server answers; the others are made by the client. */
export type ServerErrorCode = {
  [Code in ErrorCode]: (typeof ANSWERED_AS)[Code] extends null ? never : Code;
}[ErrorCode];

type Answer<Trpc> = Trpc extends TrpcCode ? { trpc: Trpc; status: number } : { trpc: null; status: null };
type Row<Code extends ErrorCode> = { retryable: boolean; message: string } & Answer<
  (typeof ANSWERED_AS)[Code]
>;

/** The whole table. `docs/errors.md` lists the same; a test compares. */
export const ERRORS = wholeTable();

function wholeTable() {
  const messages: Record<ErrorCode, string> = { ...SERVER_MESSAGES, ...CLIENT_MESSAGES };
  const rows = Object.entries(RETRYABLE).map(([key, retryable]) => {
    const code = key as ErrorCode;
    const trpc: TrpcCode | null = ANSWERED_AS[code];
    return [code, { trpc, status: trpc && HTTP_STATUS[trpc], retryable, message: messages[code] }];
  });
  return Object.fromEntries(rows) as { readonly [Code in ErrorCode]: Readonly<Row<Code>> };
}

/** The one error that Chunkwise throws, with words for every code. */
export class UploadError extends PlainUploadError {
  constructor(code: ErrorCode, options: UploadErrorOptions = {}) {
    super(code, { ...options, message: options.message ?? ERRORS[code].message });
  }
}
