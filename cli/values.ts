import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import { parseSize, UPLOAD_ID_PATTERN } from '../contract/index.js';
import { usageError } from './failure.js';

/** How flags are read. Each throws commander's error, which names the flag, or the variable, with what it must be. */

export function sizeValue(text: string): number {
  return parseSize(text) ?? refuse('a size in whole bytes, such as 8MiB');
}

export function countValue(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : refuse(`a whole number ${range}`);
  };
}

/** `500ms`, `10s` or `2m`, in milliseconds; timers hold no more than some 24 days. */
export function durationValue(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})(ms|s|m)$/.exec(text) ?? [];
  const seconds = { ms: 1 / 1000, s: 1, m: 60 }[unit] ?? Number.NaN;
  const ms = Math.round(Number(number) * seconds * 1000);
  return ms <= 0x7fffffff ? ms : refuse('a time such as 500ms, 10s or 2m');
}

export function oneOfValue<const Value extends string>(values: readonly Value[]): (text: string) => Value {
  return (text) => values.find((value) => value === text) ?? refuse(`one of ${values.join(', ')}`);
}

/** For flags that may be repeated; their variable holds a list with commas. */
export function listValue(text: string, earlier: readonly string[] = []): string[] {
  const values = text.split(',').map((value) => value.trim());
  return values.includes('') ? refuse('names, with commas between them') : [...earlier, ...values];
}

export function urlValue(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  return refuse('an address such as http://localhost:8090');
}

export function hostValue(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  return /^[\w.:%-]+$/.test(bare) ? bare : refuse('a host name or an IP address, without a port');
}

export function originValue(text: string, earlier: readonly string[] = []): string[] {
  const origins = listValue(text, []);
  for (const origin of origins)
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      refuse('origins such as https://app.example, without a path');
  return [...earlier, ...origins];
}

export function uploadIdValue(text: string): string {
  return UPLOAD_ID_PATTERN.test(text) ? text : refuse('an upload id: 26 characters, as `list` shows them');
}

const STORES = ['in-place', 'multi-file'] as const;
export type StoreKind = (typeof STORES)[number];

export function storeValue(text: string): StoreKind {
  if (/^s3:/i.test(text)) refuse('in-place or multi-file: this version does not store in S3');
  return oneOfValue(STORES)(text);
}

/** One of them, or several: repeated, or with commas. */
export function severalOf<const Value extends string>(values: readonly Value[]) {
  const one = oneOfValue(values);
  return (text: string, earlier: readonly Value[] = []): Value[] => [
    ...new Set([...earlier, ...listValue(text).map(one)]),
  ];
}

/** The path of the database's file. */
export function databaseValue(text: string): string {
  if (/^postgres(ql)?:/i.test(text)) refuse("a file's path: this version does not use PostgreSQL");
  if (text === '' || /^[a-z][a-z0-9+.-]*:/i.test(text)) refuse("a file's path, such as /data/chunkwise.db");
  return path.resolve(text);
}

export function folderValue(text: string): string {
  return text === '' ? refuse("a folder's path") : path.resolve(text);
}

export function nameValue(text: string): string {
  return text === '' ? refuse('a name') : text;
}

/** The value of a variable that switches something: absent is false. */
export function switchValue(variable: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw usageError(`The variable ${variable} must be true or false.`);
}

function refuse(what: string): never {
  throw new InvalidArgumentError(`It must be ${what}.`);
}
