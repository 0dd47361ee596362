/** SHA-256 of a chunk's bytes, 64 lower-case hex digits. */
export type ChunkHash = string;
/**
 * `<64 hex>-<total>`: SHA-256 of the raw 32-byte chunk hashes in index order, and their number. The composite
 * checksum of S3 multipart; not what `sha256sum` prints of the file.
 */
export type FileHash = string;

export const HASH_BYTES = 32;
export const CHUNK_HASH_PATTERN = /^[0-9a-f]{64}$/;
export const FILE_HASH_PATTERN = /^[0-9a-f]{64}-[1-9][0-9]{0,5}$/;

/** Computes SHA-256; each runtime brings its own. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/** @throws RangeError unless `hex` is an even number of hex digits. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) throw new RangeError('not hexadecimal');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Chunk hashes one after the other, 32 bytes each, in index order. */
export function concatHashes(hashes: readonly ChunkHash[]): Uint8Array {
  const joined = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [index, hash] of hashes.entries()) joined.set(fromHex(hash), index * HASH_BYTES);
  return joined;
}

/** @param joined chunk hashes as `concatHashes` returns them; their number is the hash's total. */
export async function fileHashOf(joined: Uint8Array, sha256: Sha256): Promise<FileHash> {
  return `${toHex(await sha256(joined))}-${joined.length / HASH_BYTES}`;
}

/** The number of chunks that a file hash was computed over. */
export function totalOfFileHash(hash: FileHash): number {
  return Number(hash.slice(hash.indexOf('-') + 1));
}
