import { inspect } from 'node:util';
import { utf8Bytes } from '../contract/index.js';

/** As many whole code points from the start as fit. */
export function cut(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Bytes(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

const ELLIPSIS = '…';

/** At most so many bytes of UTF-8; what was cut off is seen. */
export function shortened(text: string, maxBytes: number): string {
  if (text.length <= maxBytes && utf8Bytes(text) <= maxBytes) return text;
  return cut(text, maxBytes - utf8Bytes(ELLIPSIS)) + ELLIPSIS;
}

/** What was thrown, in words: anything can be, also what has no text of its own. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error
      ? String(thrown.message)
      : typeof thrown === 'string'
        ? thrown
        : inspect(thrown);
  } catch {
    return 'what was thrown cannot be written down';
  }
}
