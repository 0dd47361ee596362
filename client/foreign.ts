import { CLIENT_MESSAGES, type ErrorCode, isUploadError, UploadError } from '../contract/for-clients.js';
import { type HeadersLike, retryAfterMs } from './retry-after.js';

const ENDPOINT = 'There is no tRPC endpoint at this address. Check the URL and its path.';
const SIGN_IN = 'Something in front of the server wants a sign-in. Check your credentials for it.';
const TOO_LONG = 'Address or headers are too long for a proxy. Send smaller batches, or fewer cookies.';
const UNREACHED = 'The proxy in front of the server does not reach it. Start it, or look at its log.';

/** The HTTP status of a proxy, or of tRPC's adapter, that takes no bodies of this size. */
export const PAYLOAD_TOO_LARGE = 413;

/** What to do about a limit of bodies, after whatever can raise it. */
export const SMALLER_CHUNKS = 'or lower `threshold`, `chunkSize` and `maxChunkSize` of the policy.';

/** What a status means in an answer that no Chunkwise server gave. */
const HINTS: Record<number, string> = {
  401: SIGN_IN,
  403: 'A firewall or bot check refuses the request. Let this path pass.',
  404: ENDPOINT,
  405: ENDPOINT,
  407: SIGN_IN,
  [PAYLOAD_TOO_LARGE]: `The host or a proxy takes no bodies of this size. Raise its limit (client_max_body_size in nginx), ${SMALLER_CHUNKS}`,
  414: TOO_LONG,
  415: 'The server takes no binary bodies. Add the hook of docs/adapters.md before tRPC.',
  429: 'Something in front of the server limits requests. Lower `concurrency`, or raise its limit.',
  431: TOO_LONG,
  501: ENDPOINT,
  502: UNREACHED,
  503: UNREACHED,
  504: UNREACHED,
  511: 'The network wants a sign-in: open any page in a browser.',
};

/** Statuses that mean the same, whoever answers them; all others are PROTOCOL. */
const CODES: Record<number, ErrorCode> = { 401: 'UNAUTHORIZED', 415: 'ADAPTER_MISSING', 429: 'RATE_LIMITED' };

/** They ask for something that no waiting brings: a sign-in, smaller bodies, another server. */
const LASTING: ReadonlySet<number> = new Set([401, 407, 413, 414, 415, 431, 451, 501, 505]);

/** Whether an answer of this status stays what it is, however long one waits. */
export function isLasting(status: number): boolean {
  return LASTING.has(status);
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/**
 * The error for an answer that no Chunkwise server gave. 408, 429, 5xx and pages with a success status may pass: a
 * proxy restarts, a hotel's sign-in page goes away.
 * @param status undefined where it is not known; 0 for a redirect whose status a browser hides
 * @param now milliseconds since 1970
 * @param url what was asked, where that is known
 */
export function protocolError(
  status: number | undefined,
  headers: HeadersLike | undefined,
  now: number,
  cause?: unknown,
  url?: string,
): UploadError {
  return new UploadError(CODES[status ?? 0] ?? 'PROTOCOL', {
    retryable: status === undefined || isPassing(status),
    message: status === undefined ? UNKNOWN : messageFor(status, headers, url),
    received: status,
    retryAfterMs: headers && retryAfterMs(headers, now),
    cause,
  });
}

const UNKNOWN =
  "A page came in place of the server's answer. Check the address, which `fetch: checkedFetch()` in `httpBatchLink` would name here.";

function isPassing(status: number): boolean {
  return !isLasting(status) && (status === 408 || status === 429 || status >= 500 || isSuccess(status));
}

function messageFor(status: number, headers: HeadersLike | undefined, url: string | undefined): string {
  const what = status === 0 ? 'A redirect' : `HTTP ${status}`;
  return `${what}${url ? ` from ${placeOf(url)}` : ''}: ${hintFor(status, headers)}`;
}

function hintFor(status: number, headers: HeadersLike | undefined): string {
  const known = HINTS[status];
  if (known) return known;
  if (status === 0 || (status >= 300 && status < 400))
    return `The address redirects ${targetOf(headers?.get('location') ?? '')}, which is not followed. Give the address behind it, or sign in there.`;
  if (isSuccess(status))
    return "A page came in place of the server's answer. Is this the tRPC endpoint? If it is, the network wants a sign-in: open any page in a browser.";
  return CLIENT_MESSAGES.PROTOCOL;
}

function targetOf(location: string): string {
  return location !== '' && /^https?:$/.test(parse(location)?.protocol ?? '')
    ? `to ${placeOf(location)}`
    : 'elsewhere';
}

/** Origin and path of an address: all else may hold what is nobody's business. */
export function placeOf(url: string): string {
  const { origin, pathname } = parse(url) ?? { origin: 'an address', pathname: ' that is none' };
  // A batch names each of its procedures.
  return `${origin === HERE ? '' : origin}${pathname.replace(/,.*/, ',…')}`;
}

/** Stands for the page's own origin. */
const HERE = 'http://here.invalid';

function parse(url: string): URL | null {
  // Not `URL.canParse`, which browsers have had since 2023 only.
  try {
    return new URL(url, HERE);
  } catch {
    return null;
  }
}

/**
 * The error for a request that got no answer.
 * @param url what was asked, where that is known
 */
export function networkError(cause: unknown, url?: string): UploadError {
  const reason = reasonOf(cause);
  const details = `${url ? ` at ${placeOf(url)}` : ''}${reason ? ` (${reason})` : ''}`;
  return new UploadError('NETWORK', { message: CLIENT_MESSAGES.NETWORK.replace('.', `${details}.`), cause });
}

/** The system's own words, which name what was tried; other errors may hold the whole address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const own = isUploadError(error) && error.message === CLIENT_MESSAGES.NETWORK ? '' : error.message || code;
  return reasonOf(error.cause) || (code && own.replace(/\.$/, ''));
}
