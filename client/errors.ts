import {
  type ErrorCode,
  isErrorCode,
  isUploadError,
  UploadError,
  type UploadErrorData,
} from '../contract/index.js';
import { protocolError } from './foreign.js';
import { retryAfterMs } from './retry-after.js';

/** What matters of a TRPCClientError, read by shape: packages may be there twice. */
interface TrpcErrorLike {
  message: string;
  cause?: unknown;
  data?: { upload?: unknown; code?: unknown; httpStatus?: unknown; zodError?: unknown } | null;
  shape?: { code?: unknown } | null;
  meta?: { response?: { status?: number; headers?: { get(name: string): string | null } } };
}

interface Mapping {
  readonly http: number;
  readonly code: ErrorCode;
  readonly retryable?: boolean;
  readonly message?: string;
  readonly received?: number;
}

/** tRPC's own errors, from the user's middlewares or adapter, which carry no `upload`. */
const BY_TRPC_CODE: Record<string, Mapping> = {
  UNAUTHORIZED: { http: 401, code: 'UNAUTHORIZED' },
  FORBIDDEN: { http: 403, code: 'REFUSED' },
  PAYMENT_REQUIRED: { http: 402, code: 'REFUSED' },
  BAD_REQUEST: { http: 400, code: 'INPUT_INVALID' },
  PARSE_ERROR: { http: 400, code: 'INPUT_INVALID' },
  TIMEOUT: { http: 408, code: 'SERVER_BUSY' },
  TOO_MANY_REQUESTS: { http: 429, code: 'RATE_LIMITED' },
  SERVICE_UNAVAILABLE: { http: 503, code: 'SERVER_BUSY' },
  BAD_GATEWAY: { http: 502, code: 'SERVER_BUSY' },
  GATEWAY_TIMEOUT: { http: 504, code: 'SERVER_BUSY' },
  INTERNAL_SERVER_ERROR: { http: 500, code: 'INTERNAL', retryable: true },
  NOT_FOUND: {
    ...{ http: 404, code: 'PROTOCOL', retryable: false },
    message: "The server has no such procedure. Check the name of the uploads' router.",
  },
  METHOD_NOT_SUPPORTED: { http: 405, code: 'PROTOCOL', retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { http: 415, code: 'ADAPTER_MISSING' },
  PAYLOAD_TOO_LARGE: {
    ...{ http: 413, code: 'PROTOCOL', retryable: false, received: 413 },
    message:
      "The server's tRPC adapter takes no bodies of this size (HTTP 413). Raise its maxBodySize, or lower chunkSize and threshold of the policy.",
  },
};

/**
 * Makes an UploadError of whatever a call, a sender or a source threw. UploadErrors are returned as they are.
 * @param fallback the code for what cannot be told
 * @param now milliseconds since 1970, to read a Retry-After that is a date
 */
export function toUploadError(
  thrown: unknown,
  { fallback = 'INTERNAL', now = 0 }: { fallback?: ErrorCode; now?: number } = {},
): UploadError {
  if (isUploadError(thrown)) return thrown;
  if (typeof thrown !== 'object' || thrown === null)
    return new UploadError(fallback, { message: String(thrown), cause: thrown });
  const error = thrown as TrpcErrorLike & { name?: string; code?: unknown };
  if (isUploadError(error.cause)) return error.cause;
  if (error.data) return fromTrpc(error, error.data, fallback, now);
  // An app's error formatter may have left `data` out. Gateways, too, answer `{ error: { code } }`, with an HTTP status.
  if (isRpcCode(error.shape?.code))
    return fromTrpc(error, { httpStatus: statusOf(error.shape.code) }, fallback, now);
  if (isAbort(error) || isAbort(error.cause)) return new UploadError('CANCELLED', { cause: thrown });
  if (error.meta?.response)
    return protocolError(error.meta.response.status, error.meta.response.headers, now, thrown);
  if (/ZodError$/.test(error.name ?? '')) return new UploadError('INPUT_INVALID', { cause: thrown });
  if (isNetworkFailure(error) || isNetworkFailure(error.cause))
    return new UploadError('NETWORK', { cause: thrown });
  if (error.cause instanceof SyntaxError) return protocolError(undefined, undefined, now, thrown);
  return new UploadError(fallback, { message: error.message, cause: thrown });
}

function fromTrpc(
  error: TrpcErrorLike,
  data: NonNullable<TrpcErrorLike['data']>,
  fallback: ErrorCode,
  now: number,
): UploadError {
  const headers = error.meta?.response?.headers;
  const wait = headers && retryAfterMs(headers, now);
  const later = wait === undefined ? {} : { retryAfterMs: wait };
  if (isUploadData(data.upload)) {
    const { code, ...details } = data.upload;
    return new UploadError(code, { ...later, ...details, message: error.message, cause: error });
  }
  const status = typeof data.httpStatus === 'number' ? data.httpStatus : error.meta?.response?.status;
  const found = typeof data.code === 'string' ? BY_TRPC_CODE[data.code] : undefined;
  const mapping = found ?? Object.values(BY_TRPC_CODE).find((row) => row.http === status);
  if (mapping) {
    const { code, http: _, ...options } = mapping;
    return new UploadError(code, { message: error.message, ...options, ...later, cause: error });
  }
  const code = status === undefined ? fallback : status >= 500 ? 'INTERNAL' : 'REFUSED';
  const passing = code === 'INTERNAL' && status !== undefined ? { retryable: true } : {};
  return new UploadError(code, { message: error.message, ...passing, ...later, cause: error });
}

/** Those of JSON-RPC, and so of tRPC, are below zero. */
function isRpcCode(code: unknown): code is number {
  return typeof code === 'number' && code < 0;
}

/** The HTTP status behind a code of JSON-RPC: tRPC counts down from -32000 as HTTP counts up from 400. */
function statusOf(code: number): number {
  const status = 400 - 32_000 - code;
  return status > 400 && status < 500 ? status : code === -32_600 || code === -32_700 ? 400 : 500;
}

function isUploadData(value: unknown): value is UploadErrorData {
  return typeof value === 'object' && value !== null && 'code' in value && isErrorCode(value.code);
}

function isAbort(value: unknown): boolean {
  return value instanceof Error && (value.name === 'AbortError' || value.message === 'AbortError');
}

/** A connection's failure, by the codes of Node and undici or by the words that browsers throw. */
function isNetworkFailure(value: unknown): boolean {
  if (!(value instanceof Error)) return false;
  const code = 'code' in value ? String(value.code) : '';
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET|UND_ERR_)/.test(code)) return true;
  return value instanceof TypeError && /fetch|network|load failed/i.test(value.message);
}
