import {
  type ErrorCode,
  isErrorCode,
  isUploadError,
  UploadError,
  type UploadErrorData,
} from '../contract/for-clients.js';
import { networkError, PAYLOAD_TOO_LARGE, placeOf, protocolError, SMALLER_CHUNKS } from './foreign.js';
import { type HeadersLike, retryAfterMs } from './retry-after.js';

/** What matters of a TRPCClientError, read by shape: packages may be there twice. */
interface TrpcErrorLike {
  message: string;
  cause?: unknown;
  data?: { upload?: unknown; code?: unknown; httpStatus?: unknown; zodError?: unknown } | null;
  shape?: { code?: unknown } | null;
  meta?: { response?: { status?: number; headers?: HeadersLike; url?: string } };
}

/**
 * tRPC's own errors, from the user's middlewares or adapter, which carry no `upload`. Of those that are not here, 5xx
 * are INTERNAL and may pass, all others are REFUSED.
 */
const BY_STATUS: Record<number, ErrorCode> = {
  400: 'INPUT_INVALID',
  401: 'UNAUTHORIZED',
  408: 'SERVER_BUSY',
  415: 'ADAPTER_MISSING',
  429: 'RATE_LIMITED',
  502: 'SERVER_BUSY',
  503: 'SERVER_BUSY',
  504: 'SERVER_BUSY',
};

/** What to do about those that tell of a wrong setup: PROTOCOL, not retryable. Stands after tRPC's own words. */
const ADVICE: Record<number, string> = {
  404: "Check the name of the uploads' router.",
  405: 'Check the versions of client and server.',
  413: `Raise \`maxBodySize\` of the server's tRPC adapter, ${SMALLER_CHUNKS}`,
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
  if (isRpcCode(error.shape?.code)) return fromTrpc(error, {}, fallback, now);
  if (isAbort(error)) return new UploadError('CANCELLED', { cause: thrown });
  if (error.meta?.response) {
    const { status, headers, url } = error.meta.response;
    return protocolError(status, headers, now, thrown, url);
  }
  if (/ZodError$/.test(error.name ?? '')) return new UploadError('INPUT_INVALID', { cause: thrown });
  if (isNetworkFailure(error) || isNetworkFailure(error.cause)) return networkError(thrown);
  if (error.cause instanceof SyntaxError) return protocolError(undefined, undefined, now, thrown);
  return new UploadError(fallback, { message: error.message, cause: thrown });
}

function fromTrpc(
  error: TrpcErrorLike,
  data: NonNullable<TrpcErrorLike['data']>,
  fallback: ErrorCode,
  now: number,
): UploadError {
  const { headers, url, status: answered = 0 } = error.meta?.response ?? {};
  // tRPC's own message is the code once more.
  const message = error.message === 'UNAUTHORIZED' ? 'Sign in, and try again.' : error.message;
  const details = { retryAfterMs: headers && retryAfterMs(headers, now), message, cause: error };
  if (isUploadData(data.upload)) {
    const { upload } = data;
    return new UploadError(upload.code, { ...details, ...upload, message });
  }
  const status =
    typeof data.httpStatus === 'number'
      ? data.httpStatus
      : answered >= 400
        ? answered
        : statusOf(error.shape?.code);
  if (status === undefined) return new UploadError(fallback, details);
  const [known, advice] = [BY_STATUS[status], ADVICE[status]];
  const passing = status >= 500;
  const place = url ? ` from ${placeOf(url)}` : '';
  return new UploadError(known ?? (advice ? 'PROTOCOL' : passing ? 'INTERNAL' : 'REFUSED'), {
    ...details,
    retryable: known ? undefined : passing,
    received: status === PAYLOAD_TOO_LARGE ? status : undefined,
    message: advice ? `HTTP ${status}${place}: ${message.replace(/\.?$/, '.')} ${advice}` : message,
  });
}

/** Those of JSON-RPC, and so of tRPC, are below zero. */
function isRpcCode(code: unknown): code is number {
  return typeof code === 'number' && code < 0;
}

/** The HTTP status behind a code of JSON-RPC: tRPC counts down from -32000 as HTTP counts up from 400. */
function statusOf(code: unknown): number | undefined {
  if (!isRpcCode(code)) return undefined;
  const status = 400 - 32_000 - code;
  return status > 400 && status < 500 ? status : code === -32_600 || code === -32_700 ? 400 : 500;
}

function isUploadData(value: unknown): value is UploadErrorData {
  return isErrorCode((value as Partial<UploadErrorData> | null | undefined)?.code);
}

/** Of a request that was broken off, by whomever. */
export function isAbort(value: unknown): boolean {
  const { name, message, cause } = (value ?? {}) as Partial<Error>;
  return name === 'AbortError' || message === 'AbortError' || (cause as Error | null)?.name === 'AbortError';
}

/** A connection's failure, by the codes of Node and undici or by the words that browsers throw. */
function isNetworkFailure(value: unknown): boolean {
  if (!(value instanceof Error)) return false;
  const code = 'code' in value ? String(value.code) : '';
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET|UND_ERR_)/.test(code)) return true;
  if (value.name === 'TimeoutError') return true;
  return value instanceof TypeError && /fetch|network|load failed/i.test(value.message);
}
