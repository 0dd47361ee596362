import { MAX_SAFE_NAME_BYTES, utf8Bytes } from '../../contract/index.js';
import { cut } from '../text.js';

/**
 * Never kept: control, separator and format characters (which hide or reorder what a name shows), lone surrogates,
 * non-characters, and what Windows reserves. Spelled out instead of `\p{…}`, whose members grow with Unicode: the
 * name on disk is computed again from the client's text, and must stay what it was.
 */
const UNSAFE =
  /[\0-\x1f\x7f-\x9f"*/:<>?\\|\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/** Windows opens a device for these, whatever the extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i;

/** Longer ones are taken for a part of the name. */
const MAX_EXTENSION_BYTES = 32;
const NAMELESS = 'file';

/**
 * The name on disk for any text of a client: at most MAX_SAFE_NAME_BYTES of UTF-8, one component that no platform
 * reads as something else. Unsafe characters become `_`; dots and spaces at the end, and spaces at the start, go;
 * `_` is put before a leading dash and before names of devices; what is empty then is `file`. A name that is too long
 * loses the end of its stem and keeps its extension. A safe name stays as it is; two texts may share one.
 */
export function safeName(text: string): string {
  const clean = withoutEnd(text.replace(UNSAFE, '_').replace(/^ +/, ''));
  if (clean === '') return NAMELESS;
  const named = clean.startsWith('-') || DEVICE.test(clean) ? `_${clean}` : clean;
  if (utf8Bytes(named) <= MAX_SAFE_NAME_BYTES) return named;

  const dot = named.lastIndexOf('.');
  const extension = dot > 0 && utf8Bytes(named.slice(dot)) <= MAX_EXTENSION_BYTES ? named.slice(dot) : '';
  const stem = named.slice(0, named.length - extension.length);
  return withoutEnd(cut(stem, MAX_SAFE_NAME_BYTES - utf8Bytes(extension)) + extension);
}

/** Without dots and spaces at the end, which Windows drops. A loop: a pattern for it takes quadratic time. */
function withoutEnd(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === '.' || name[end - 1] === ' ')) end--;
  return name.slice(0, end);
}
