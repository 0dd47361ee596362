import { types } from 'node:util';
import { formatSize, type Json, utf8Bytes } from '../contract/index.js';
import { messageOf } from './text.js';

/** What JSON makes of a value, or why it cannot carry it: `flaw` goes on after "it has". */
export type AsJsonResult = { json: Json | null } | { flaw: string };

/**
 * What a hook or a schema has made, as JSON keeps it; nothing is null. What JSON would lose in silence (maps, sets, a
 * function as the whole) is a flaw as what it cannot write is.
 */
export function asJson(value: unknown, maxBytes = Number.POSITIVE_INFINITY): AsJsonResult {
  if (value === undefined) return { json: null };
  let text: string | undefined;
  let flaw: string | undefined;
  try {
    text = JSON.stringify(value, (key, member: unknown) => {
      const kind = kindOf(member);
      if (kind === null) return member;
      flaw = key === '' ? kind : `${kind} at "${key}"`;
      throw new TypeError(flaw);
    });
  } catch (error) {
    // Of what refers to itself, the message has lines that draw the circle.
    return { flaw: flaw ?? `something that JSON refuses (${messageOf(error).split('\n', 1)[0]})` };
  }
  if (text === undefined) return { flaw: 'nothing that JSON can write (a function or a symbol)' };
  const bytes = utf8Bytes(text);
  if (bytes > maxBytes)
    return { flaw: `${formatSize(bytes)} of JSON, where ${formatSize(maxBytes)} are kept` };
  return { json: JSON.parse(text) as Json };
}

/** After its own `toJSON`, if it has one. */
function kindOf(member: unknown): string | null {
  if (typeof member === 'bigint') return 'a bigint';
  if (types.isMap(member)) return 'a Map';
  return types.isSet(member) ? 'a Set' : null;
}
