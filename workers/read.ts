import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { WORKER_DEFAULTS } from '../contract/index.js';
import { codeOf, withFile } from './durable.js';
import type { Extent } from './tasks.js';

/** Codes that mean: these bytes are lost (gone, replaced by something else, unreadable). Others may pass. */
const LOST: readonly unknown[] = [
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'EMLINK',
  'ENXIO',
  'EIO',
  'NOT_A_FILE',
];

/** One buffer serves a whole task, so that memory does not grow with what is read. */
export function readBuffer(): Uint8Array {
  return Buffer.allocUnsafeSlow(WORKER_DEFAULTS.readPieceBytes);
}

/**
 * Reads an extent piece by piece.
 * @param each gets a piece, valid during the call, and its position within the extent
 * @returns whether the bytes are there and have their hash
 */
export function readExtent(
  extent: Extent,
  buffer: Uint8Array,
  each?: (piece: Uint8Array, position: number) => void,
): boolean {
  const outcome = unlessLost(() =>
    withFile(extent.path, fs.constants.O_RDONLY, (fd) => {
      try {
        return { intact: hashPieces(fd, extent, buffer, each) === extent.hash };
      } catch (error) {
        // Thrown by `each`, or by a read that may pass: never to be taken for a lost source.
        return { error };
      }
    }),
  );
  if (outcome && 'error' in outcome) throw outcome.error;
  return outcome?.intact ?? false;
}

/** SHA-256 of a range as hex; null where the file ends before it, or the disk cannot read it. */
export function hashPieces(
  fd: number,
  { offset, size }: { offset: number; size: number },
  buffer: Uint8Array,
  each?: (piece: Uint8Array, position: number) => void,
): string | null {
  const hash = createHash('sha256');
  for (let position = 0; position < size; ) {
    const wanted = Math.min(buffer.byteLength, size - position);
    const read = unlessLost(() => fs.readSync(fd, buffer, 0, wanted, offset + position)) ?? 0;
    if (read === 0) return null;
    const piece = buffer.subarray(0, read);
    hash.update(piece);
    each?.(piece, position);
    position += read;
  }
  return hash.digest('hex');
}

function unlessLost<Result>(run: () => Result): Result | null {
  try {
    return run();
  } catch (error) {
    if (LOST.includes(codeOf(error))) return null;
    throw error;
  }
}
