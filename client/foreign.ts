import { UploadError } from '../contract/index.js';
import { type HeadersLike, retryAfterMs } from './retry-after.js';

interface Foreign {
  readonly hint: string;
  /** Asks for something that no waiting brings: a sign-in, smaller bodies, another server. */
  readonly lasting?: true;
}

const UNREACHED =
  'The proxy in front of the server does not reach it (HTTP {}). Start the server, or look at its load and log.';

/** What a status means in an answer that no Chunkwise server gave. `{}` stands for the status. */
const FOREIGN: Record<number, Foreign> = {
  401: {
    lasting: true,
    hint: 'Something in front of the server wants a sign-in (HTTP {}). Check your credentials for it.',
  },
  403: {
    hint: 'Something in front of the server refuses the request (HTTP {}). Let requests to this path pass the firewall, proxy or bot check.',
  },
  404: { hint: 'There is no tRPC endpoint at this address (HTTP {}). Check the URL and its path.' },
  405: { hint: 'This address takes no such requests (HTTP {}). Check the URL and its path.' },
  407: { lasting: true, hint: 'A proxy wants a sign-in (HTTP {}). Check your credentials for it.' },
  413: {
    lasting: true,
    hint: 'The host, or a proxy in front of the server, takes no bodies of this size (HTTP {}). Lower chunkSize and threshold of the policy, or raise the limit (client_max_body_size in nginx).',
  },
  414: {
    lasting: true,
    hint: 'A proxy in front of the server takes no addresses of this length (HTTP {}). Send fewer calls in one batch, or raise its limit.',
  },
  415: {
    lasting: true,
    hint: 'The server does not take binary bodies (HTTP {}). Add the adapter hook of Chunkwise before the handler of tRPC.',
  },
  429: {
    hint: 'Something in front of the server limits the number of requests (HTTP {}). Lower `concurrency`, or raise its limit for this path.',
  },
  431: {
    lasting: true,
    hint: 'The headers are too long for the server or a proxy (HTTP {}). Send fewer or shorter headers and cookies.',
  },
  451: { lasting: true, hint: 'This address is blocked for legal reasons (HTTP {}). Use another network.' },
  501: { lasting: true, hint: 'This address takes no such requests (HTTP {}). Check the URL and its path.' },
  502: { hint: UNREACHED },
  503: { hint: UNREACHED },
  504: { hint: UNREACHED },
  505: { lasting: true, hint: 'A proxy does not speak this version of HTTP (HTTP {}). Check the address.' },
  511: { hint: 'The network wants a sign-in (HTTP {}). Sign in on any page in a browser.' },
};

/** Whether an answer of this status stays what it is, however long one waits. */
export function isLasting(status: number): boolean {
  return FOREIGN[status]?.lasting === true;
}

/**
 * The error for an answer that no Chunkwise server gave. 408, 429, 5xx and pages with a success status may pass: a
 * proxy restarts, a hotel's sign-in page goes away. 401 is UNAUTHORIZED and 429 is RATE_LIMITED, whoever answers them.
 * @param status undefined where it is not known; 0 for a redirect whose status a browser hides
 * @param now milliseconds since 1970
 */
export function protocolError(
  status: number | undefined,
  headers: HeadersLike | undefined,
  now: number,
  cause?: unknown,
): UploadError {
  const wait = headers && retryAfterMs(headers, now);
  const code = status === 401 ? 'UNAUTHORIZED' : status === 429 ? 'RATE_LIMITED' : 'PROTOCOL';
  return new UploadError(code, {
    retryable: status === undefined || isPassing(status),
    message: status === undefined ? undefined : messageFor(status, headers),
    ...(status === undefined ? {} : { received: status }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    cause,
  });
}

function isPassing(status: number): boolean {
  if (isLasting(status)) return false;
  return status === 408 || status === 429 || status >= 500 || (status >= 200 && status < 300);
}

function messageFor(status: number, headers: HeadersLike | undefined): string {
  const known = FOREIGN[status];
  if (known) return known.hint.replace('{}', String(status));
  if (status === 0 || (status >= 300 && status < 400)) return redirected(status, headers);
  if (status >= 200 && status < 300)
    return `A page came in place of the server's answer (HTTP ${status}): a network's sign-in, or another service. Check the address, and open any page in a browser.`;
  return `The answer (HTTP ${status}) did not come from a Chunkwise server. Check the address, and any proxy in between.`;
}

function redirected(status: number, headers: HeadersLike | undefined): string {
  const how = status === 0 ? 'a redirect' : `HTTP ${status}`;
  return `The address redirects ${targetOf(headers?.get('location') ?? '')} (${how}), and chunks go only where they were told to. Give the address behind it; where it is a sign-in page, sign in.`;
}

/** Without the query, which may hold what is nobody's business. */
function targetOf(location: string): string {
  const here = 'http://here.invalid';
  if (location === '' || !URL.canParse(location, here)) return 'elsewhere';
  const { protocol, origin, pathname } = new URL(location, here);
  if (!/^https?:$/.test(protocol)) return 'elsewhere';
  return `to ${origin === here ? '' : origin}${pathname}`;
}
