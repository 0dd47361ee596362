import contentDisposition from 'content-disposition';
import { safeName } from '../stores/safe-name.js';
import type { Validators } from './conditions.js';
import { httpDate } from './http-date.js';
import type { ServeOptions, StoredFile } from './types.js';

/** Types that browsers show without running anything of them. XML is none: it can carry scripts. */
const SHOWN = [
  /^image\/(?:apng|avif|bmp|gif|heic|heif|jpeg|jxl|png|tiff|vnd\.microsoft\.icon|webp|x-icon)$/,
  /^(?:audio|video)\/[a-z0-9][a-z0-9.-]*$/,
  /^application\/pdf$/,
];
const UNKNOWN = 'application/octet-stream';

export function validatorsOf(file: StoredFile): Validators {
  // The bytes of a published file never change, so their hash is a strong tag.
  return { etag: `"${file.hash}"`, modifiedAt: Math.floor(file.completedAt / 1000) };
}

/** What every answer about a file carries, a 304 included. */
export function commonHeaders({ etag, modifiedAt }: Validators): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    etag,
    'last-modified': httpDate(modifiedAt),
    ...GUARDS,
  };
}

/** Whatever the file is: no guessing of another type, no scripts, nothing of the site's. */
export const GUARDS = {
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
} as const;

/** How the file itself is to be treated: saved under its name, or shown where it is asked for and harmless. */
export function contentHeaders(
  file: StoredFile,
  { disposition = 'attachment', name = file.name }: Pick<ServeOptions, 'disposition' | 'name'>,
): Record<string, string> {
  const shown = disposition === 'inline' ? shownType(file.type) : null;
  return {
    // The safe name: other characters can hide or reorder what a download dialog shows.
    'content-disposition': contentDisposition(safeName(name), { type: shown ? 'inline' : 'attachment' }),
    'content-type': shown ?? UNKNOWN,
  };
}

/** The declared type where it may be shown, in its plain form; null for any other. */
function shownType(declared: string | null): string | null {
  const type = (declared ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'text/plain') return 'text/plain; charset=utf-8';
  return SHOWN.some((pattern) => pattern.test(type)) ? type : null;
}
