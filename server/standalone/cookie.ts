import type { IncomingHttpHeaders } from 'node:http';
import { SERVE_DEFAULTS } from '../../contract/index.js';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * What may be secrets in a request's cookies. More than one: a neighbour, on another port or name of the same site, has
 * set a cookie of ours. That must not lock anybody out, and opens nothing: only who knows the token has a secret.
 */
export function readCookies(headers: IncomingHttpHeaders): string[] {
  const name = nameFor(headers.host);
  return (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
    .filter((value) => SECRET.test(value));
}

/** `set-cookie` for a secret, or to forget it. */
export function writeCookie(headers: IncomingHttpHeaders, secret: string | null): string {
  const maxAge = secret === null ? 0 : Math.floor(SERVE_DEFAULTS.sessionMs / 1000);
  const cookie = `${nameFor(headers.host)}=${secret ?? ''}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict`;
  // This server speaks plain http. That TLS ends before it, its own page knows best: a browser says so of each POST,
  // no other page can make it say so, and whoever makes it up by hand makes his own cookie useless.
  return headers.origin?.startsWith('https://') ? `${cookie}; Secure` : cookie;
}

/** Browsers keep cookies by host, not by port: with one name, two servers on a machine would sign each other out. */
function nameFor(host: string | undefined): string {
  const [, port] = /:(\d{1,5})$/.exec(host ?? '') ?? [];
  return port === undefined ? 'chunkwise-session' : `chunkwise-session-${port}`;
}
