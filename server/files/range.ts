import type { ByteRange } from '../stores/store.js';

/**
 * What a Range header asks of a file (RFC 9110, 14.2). 'whole': no range that has to be honoured, which is also the
 * answer to several ranges at once, to what is malformed, and for an empty file, of which no range can be told.
 */
export function rangeOf(header: string | null, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? [];
  if (size === 0 || (first === '' && last === '')) return 'whole';
  if (first === '') {
    const suffix = Number(last);
    return suffix === 0 ? 'unsatisfiable' : { start: Math.max(0, size - suffix), end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
