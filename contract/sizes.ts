import { GiB, KiB, MiB, TiB } from './limits.js';

const UNITS: Record<string, number> = {
  '': 1,
  b: 1,
  kib: KiB,
  mib: MiB,
  gib: GiB,
  tib: TiB,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** Largest first. */
const BINARY = /* @__PURE__ */ ['TiB', 'GiB', 'MiB', 'KiB'].map((unit, i) => [unit, KiB ** (4 - i)] as const);

/**
 * Reads a size as people write it: `8MiB`, `1.5 GiB`, `500kB`, `1048576`.
 * @returns bytes, or null where the text is not a size or not a whole number of bytes
 */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,16})(?:\.(\d{1,6}))?\s*([a-z]{0,3})$/i.exec(text.trim());
  const [, whole = '', decimals = '', suffix = ''] = match ?? [];
  const unit = UNITS[suffix.toLowerCase()];
  if (!match || unit === undefined) return null;
  // In whole numbers: 1.001 * 1000 is not 1001 in floating point.
  const scaled = BigInt(whole + decimals) * BigInt(unit);
  const scale = 10n ** BigInt(decimals.length);
  const bytes = Number(scaled / scale);
  return scaled % scale === 0n && Number.isSafeInteger(bytes) ? bytes : null;
}

/** `1.5 GiB`: three digits, and a fourth only between 1000 and 1023 of a unit. */
export function formatSize(bytes: number): string {
  // From where the next smaller unit would be rounded up to 1024 of it.
  for (const [unit, size] of BINARY)
    if (bytes >= size - size / 2048) {
      const value = bytes / size;
      return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
    }
  return `${bytes} B`;
}

/** A size as it is written for machines, exact: `8MiB`, or bytes where it is no whole number of a unit. */
export function writeSize(bytes: number): string {
  for (const [unit, size] of BINARY) if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  return String(bytes);
}

/** Bytes of `text` as UTF-8, without encoding it. A lone surrogate counts as the three bytes that replace it. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
