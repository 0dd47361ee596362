/** tRPC's error keys that Chunkwise answers with; each stands for one HTTP status. */
export type TrpcCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'TIMEOUT'
  | 'CONFLICT'
  | 'PRECONDITION_FAILED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'UNPROCESSABLE_CONTENT'
  | 'TOO_MANY_REQUESTS'
  | 'SERVICE_UNAVAILABLE'
  | 'INTERNAL_SERVER_ERROR';

interface ErrorRow {
  /** null: made by the client, never sent by a server. */
  readonly trpc: TrpcCode | null;
  readonly status: number | null;
  /** The same request may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Says what is wrong and what to do. */
  readonly message: string;
}

/** The one table of errors. `docs/errors.md` lists the same; a test compares. */
export const ERRORS = {
  INPUT_INVALID: {
    trpc: 'BAD_REQUEST',
    status: 400,
    retryable: false,
    message: 'The request has a missing or malformed field.',
  },
  PLAN_MISMATCH: {
    trpc: 'BAD_REQUEST',
    status: 400,
    retryable: false,
    message: 'The chunk size or the number of chunks does not fit this policy. Use the plan in the answer.',
  },
  CHUNK_GEOMETRY: {
    trpc: 'BAD_REQUEST',
    status: 400,
    retryable: false,
    message: "The chunk's index, offset, size or total does not follow from the upload's plan.",
  },
  CHUNK_INCOMPLETE: {
    trpc: 'BAD_REQUEST',
    status: 400,
    retryable: true,
    message: 'The body has fewer or more bytes than the chunk declares. Send the chunk again, whole.',
  },
  UNAUTHORIZED: {
    trpc: 'UNAUTHORIZED',
    status: 401,
    retryable: false,
    message: 'You are not signed in. Sign in, or give a valid token.',
  },
  REFUSED: {
    trpc: 'FORBIDDEN',
    status: 403,
    retryable: false,
    message: 'The server does not allow this upload.',
  },
  UPLOAD_NOT_FOUND: {
    trpc: 'NOT_FOUND',
    status: 404,
    retryable: false,
    message: 'There is no such upload. Start a new one.',
  },
  CHUNK_TIMEOUT: {
    trpc: 'TIMEOUT',
    status: 408,
    retryable: true,
    message: 'The chunk arrived too slowly. Send it again, with fewer chunks at the same time.',
  },
  CHUNK_HASH_MISMATCH: {
    trpc: 'CONFLICT',
    status: 409,
    retryable: true,
    message: "The chunk's bytes do not match its hash. Send the chunk again.",
  },
  CHUNK_CONFLICT: {
    trpc: 'CONFLICT',
    status: 409,
    retryable: false,
    message:
      'Another content was accepted for this chunk: the file changed. Start a new upload of the file as it is now.',
  },
  TARGET_EXISTS: {
    trpc: 'CONFLICT',
    status: 409,
    retryable: false,
    message: 'There is something at the target already, and nothing is ever replaced. Choose another path.',
  },
  UPLOAD_CLOSED: {
    trpc: 'PRECONDITION_FAILED',
    status: 412,
    retryable: false,
    message: 'The upload takes no more chunks.',
  },
  FILE_TOO_LARGE: {
    trpc: 'PAYLOAD_TOO_LARGE',
    status: 413,
    retryable: false,
    message: 'The file is larger than this policy allows.',
  },
  METADATA_TOO_LARGE: {
    trpc: 'PAYLOAD_TOO_LARGE',
    status: 413,
    retryable: false,
    message: 'The metadata is larger than the server accepts.',
  },
  TYPE_REFUSED: {
    trpc: 'UNSUPPORTED_MEDIA_TYPE',
    status: 415,
    retryable: false,
    message: 'This policy does not accept files of this type.',
  },
  FILE_HASH_MISMATCH: {
    trpc: 'UNPROCESSABLE_CONTENT',
    status: 422,
    retryable: false,
    message:
      'The chunks do not add up to the declared file hash: the file changed, or its hash was computed wrongly.',
  },
  HOOK_REFUSED: {
    trpc: 'UNPROCESSABLE_CONTENT',
    status: 422,
    retryable: false,
    message: 'The server refused the file after looking at its content.',
  },
  RATE_LIMITED: {
    trpc: 'TOO_MANY_REQUESTS',
    status: 429,
    retryable: true,
    message: 'Too many requests. Wait and try again.',
  },
  QUOTA_EXCEEDED: {
    trpc: 'TOO_MANY_REQUESTS',
    status: 429,
    retryable: false,
    message: 'The upload would exceed your quota. Delete files or abort unfinished uploads first.',
  },
  RETRIES_EXHAUSTED: {
    trpc: 'TOO_MANY_REQUESTS',
    status: 429,
    retryable: false,
    message:
      'Too many chunks of this upload arrived damaged. Check the network or the disk, then start again.',
  },
  SERVER_BUSY: {
    trpc: 'SERVICE_UNAVAILABLE',
    status: 503,
    retryable: true,
    message: 'The server is busy. Try again in a moment.',
  },
  STORAGE_FULL: {
    trpc: 'SERVICE_UNAVAILABLE',
    status: 503,
    retryable: true,
    message: "The server's storage is full. The upload can go on once there is room.",
  },
  STORE_UNAVAILABLE: {
    trpc: 'SERVICE_UNAVAILABLE',
    status: 503,
    retryable: true,
    message: "The server's storage does not answer as it should. The upload can go on later.",
  },
  ADAPTER_MISSING: {
    trpc: 'INTERNAL_SERVER_ERROR',
    status: 500,
    retryable: false,
    message:
      "The server lacks Chunkwise's adapter hook for its framework. Add it before tRPC's handler; see docs/adapters.md.",
  },
  INTERNAL: {
    trpc: 'INTERNAL_SERVER_ERROR',
    status: 500,
    retryable: false,
    message: 'The server failed unexpectedly. Its log says why.',
  },
  NETWORK: {
    trpc: null,
    status: null,
    retryable: true,
    message: 'The server cannot be reached. The upload can be resumed.',
  },
  FILE_CHANGED: {
    trpc: null,
    status: null,
    retryable: false,
    message: 'The file changed while it was uploaded. Upload it again once it is complete.',
  },
  CANCELLED: {
    trpc: null,
    status: null,
    retryable: false,
    message: 'The upload was cancelled.',
  },
  PROTOCOL: {
    trpc: null,
    status: null,
    retryable: true,
    message: 'The answer did not come from a Chunkwise server. Check the address, and any proxy in between.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
/** Codes that a server answers; the others are made by the client. */
export type ServerErrorCode = {
  [Code in ErrorCode]: (typeof ERRORS)[Code]['trpc'] extends null ? never : Code;
}[ErrorCode];

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}
