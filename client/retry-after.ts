export interface HeadersLike {
  get(name: string): string | null;
}

/**
 * Retry-After in milliseconds: seconds, or a date. A date is the server's, so it is measured from the answer's own
 * Date where there is one: the two clocks may differ by more than the wait.
 * @param now milliseconds since 1970
 * @returns undefined where the header is absent or unreadable; as long as it says, however long
 */
export function retryAfterMs(headers: HeadersLike, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(value)) return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(Number(value) * 1000));
  const until = dateOf(value);
  return until ? Math.max(0, until - (dateOf(headers.get('date') ?? '') || now)) : undefined;
}

/** A date of HTTP, or 0. `Date.parse` alone takes '-1' for one. */
function dateOf(value: string): number {
  return /^[A-Za-z]{3,9},? /.test(value) ? Date.parse(value) : 0;
}
