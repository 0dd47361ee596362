/** Text for a terminal. */

import { UNPRINTABLE } from '../contract/printable.js';

export { printable } from '../contract/printable.js';

/** A value as one line of JSON, in which the same characters are escaped, as JSON allows: it means the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    UNPRINTABLE,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

const graphemes = new Intl.Segmenter();
/** East Asian letters and pictures, which take two columns. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}|^[\u{20000}-\u{3fffd}]/u;

/** Columns that the text takes, as terminals count them (nearly: they do not agree among themselves). */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

/** Exactly `columns` wide: filled with spaces, or cut in its middle, where names differ least. */
export function fit(text: string, columns: number): string {
  const width = columnsOf(text);
  if (width <= columns) return text + ' '.repeat(columns - width);
  if (columns < 2) return ' '.repeat(Math.max(0, columns));
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment);
  const tail = take(parts.toReversed(), Math.floor((columns - 1) / 2)).toReversed();
  const head = take(parts, columns - 1 - columnsOf(tail.join('')));
  const cut = `${head.join('')}…${tail.join('')}`;
  return cut + ' '.repeat(columns - columnsOf(cut));
}

function take(parts: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let left = columns;
  for (const part of parts) {
    left -= columnsOf(part);
    if (left < 0) break;
    taken.push(part);
  }
  return taken;
}

/** `2.1 s`, `1:05`, `3:10:00` */
export function formatDuration(ms: number): string {
  if (ms / 1000 < 59.95) return `${(ms / 1000).toFixed(1)} s`;
  return formatClock(ms);
}

/** `0:04`, `1:05`, `3:10:00` */
export function formatClock(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
}
