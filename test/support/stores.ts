import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FileHash } from '../../contract/index.js';
import type { StoredChunk, StoredUpload } from '../../server/stores/store.js';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A fresh folder under the system's, removed by `await using`. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const made = await mkdtemp(path.join(tmpdir(), 'chunkwise-'));
  return { path: made, [Symbol.asyncDispose]: () => rm(made, { recursive: true, force: true }) };
}

/** Bytes that look random and are the same for the same seed. */
export function bytesOf(size: number, seed = 1): Uint8Array {
  const blocks: Buffer[] = [];
  for (let block = 0; block * 32 < size; block++)
    blocks.push(createHash('sha256').update(`${seed}/${block}`).digest());
  return new Uint8Array(Buffer.concat(blocks).subarray(0, size));
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An upload id for a number below 2^50: no clock, no chance. */
export function idOf(number: number): string {
  let digits = '';
  for (let rest = number; digits.length < 26; rest = Math.floor(rest / 32))
    digits = ALPHABET.charAt(rest % 32) + digits;
  return digits;
}

export interface Sample {
  upload: StoredUpload;
  bytes: Uint8Array;
  chunks: StoredChunk[];
  hash: FileHash;
  /** A copy of a chunk's bytes in pieces of its own memory, as a body hands them over. */
  body(index: number, pieceSize?: number): Uint8Array[];
}

/** A file cut into chunks, as the server's core would describe it to a store. */
export function sample({
  size = 40,
  chunkSize = 7,
  id = idOf(1),
  name = 'report.pdf',
  seed = 1,
} = {}): Sample {
  const total = Math.max(1, Math.ceil(size / chunkSize));
  const bytes = bytesOf(size, seed);
  const chunks = Array.from({ length: total }, (_, index) => {
    const offset = index * chunkSize;
    const part = bytes.subarray(offset, Math.min(size, offset + chunkSize));
    return { index, offset, size: part.byteLength, hash: sha256(part) };
  });
  return {
    upload: { id, name, size, chunkSize, total },
    bytes,
    chunks,
    hash: `${sha256(Buffer.concat(chunks.map(({ hash }) => Buffer.from(hash, 'hex'))))}-${total}`,
    body(index, pieceSize = 64 * 1024) {
      const { offset, size: length } = chunks[index]!;
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < length; at += pieceSize)
        pieces.push(bytes.slice(offset + at, offset + Math.min(length, at + pieceSize)));
      return pieces;
    },
  };
}
