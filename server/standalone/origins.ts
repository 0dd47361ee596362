import type { IncomingHttpHeaders } from 'node:http';

/** The browser names a page of this very host as the one that asks. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return originHost(origin) === host?.toLowerCase();
}

/**
 * No other page asks: what a browser says of the request, as far as it says anything, names this origin, or the user
 * alone (an address typed in). Browsers say it of every request on https and on localhost.
 */
export function isOwnRequest({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return origin === undefined || isOwnOrigin(origin, host);
}

function originHost(origin: string): string | null {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return null;
  }
}
