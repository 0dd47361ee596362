import { parseHttpDate } from './http-date.js';

/** What a file is compared by. */
export interface Validators {
  /** A strong entity tag, in its quotes. */
  readonly etag: string;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
}

/** A request's header, or null. */
export type HeaderOf = (name: string) => string | null;

/**
 * Evaluates the conditions of a GET or HEAD request, in the order of RFC 9110, 13.2.2: 412 and 304 are the answer,
 * null means that the file is.
 */
export function preconditionStatus(header: HeaderOf, { etag, modifiedAt }: Validators): 304 | 412 | null {
  const match = header('if-match');
  const unmodifiedSince = parseHttpDate(header('if-unmodified-since'));
  if (match !== null) {
    if (!names(match, etag, 'strong')) return 412;
  } else if (unmodifiedSince !== null && modifiedAt > unmodifiedSince) return 412;

  const noneMatch = header('if-none-match');
  const modifiedSince = parseHttpDate(header('if-modified-since'));
  if (noneMatch !== null) return names(noneMatch, etag, 'weak') ? 304 : null;
  return modifiedSince !== null && modifiedAt <= modifiedSince ? 304 : null;
}

/** Whether the part that the client holds is of this file, so that a range may be answered (13.1.5). */
export function rangeApplies(header: HeaderOf, { etag, modifiedAt }: Validators): boolean {
  const condition = header('if-range')?.trim();
  if (condition === undefined) return true;
  return condition === etag || parseHttpDate(condition) === modifiedAt;
}

/** A list of entity tags, or `*`, names this one. Strong: a tag that is marked as weak does not count. */
function names(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  for (const [, weak, tag] of list.matchAll(/(W\/)?("[^"]*")/g))
    if (tag === etag && (comparison === 'weak' || weak === undefined)) return true;
  return false;
}
