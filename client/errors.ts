import {
  type ErrorCode,
  isErrorCode,
  isUploadError,
  UploadError,
  type UploadErrorData,
} from '../contract/index.js';
import { protocolError, retryAfterMs } from './answers.js';

/** What matters of a TRPCClientError, read by shape: packages may be there twice. */
interface TrpcErrorLike {
  message: string;
  cause?: unknown;
  data?: { upload?: unknown; code?: unknown; httpStatus?: unknown; zodError?: unknown } | null;
  meta?: { response?: { status?: number; headers?: { get(name: string): string | null } } };
}

type Mapping = readonly [code: ErrorCode, options?: { retryable?: boolean; message?: string }];

/** tRPC's own errors, from the user's middlewares or adapter, which carry no `upload`. */
const BY_TRPC_CODE: Record<string, Mapping> = {
  UNAUTHORIZED: ['UNAUTHORIZED'],
  FORBIDDEN: ['REFUSED'],
  PAYMENT_REQUIRED: ['REFUSED'],
  BAD_REQUEST: ['INPUT_INVALID'],
  PARSE_ERROR: ['INPUT_INVALID'],
  TIMEOUT: ['SERVER_BUSY'],
  TOO_MANY_REQUESTS: ['RATE_LIMITED'],
  SERVICE_UNAVAILABLE: ['SERVER_BUSY'],
  BAD_GATEWAY: ['SERVER_BUSY'],
  GATEWAY_TIMEOUT: ['SERVER_BUSY'],
  INTERNAL_SERVER_ERROR: ['INTERNAL', { retryable: true }],
  NOT_FOUND: [
    'PROTOCOL',
    { retryable: false, message: "The server has no such procedure. Check the name of the uploads' router." },
  ],
  METHOD_NOT_SUPPORTED: ['PROTOCOL', { retryable: false }],
  UNSUPPORTED_MEDIA_TYPE: ['ADAPTER_MISSING'],
  PAYLOAD_TOO_LARGE: [
    'PROTOCOL',
    {
      retryable: false,
      message: "The server's tRPC adapter refuses bodies of this size: raise its maxBodySize.",
    },
  ],
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
  const mapping = typeof data.code === 'string' ? BY_TRPC_CODE[data.code] : undefined;
  const [code, options]: Mapping =
    mapping ??
    (status === undefined ? [fallback] : status >= 500 ? ['INTERNAL', { retryable: true }] : ['REFUSED']);
  return new UploadError(code, { message: error.message, ...options, ...later, cause: error });
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
