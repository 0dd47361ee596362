import { randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import { WORKER_DEFAULTS } from '../../contract/index.js';

const PIECE_BYTES = WORKER_DEFAULTS.readPieceBytes;

/** Writes a file of random bytes. @param size bytes */
export async function writeRandomFile(path: string, size: number): Promise<void> {
  const piece = Buffer.alloc(Math.min(size, PIECE_BYTES));
  const file = await fs.open(path, 'wx');
  try {
    for (let written = 0; written < size; written += piece.length)
      await file.write(randomFillSync(piece), 0, Math.min(piece.length, size - written));
  } finally {
    await file.close();
  }
}

/** Compares two files byte by byte. @returns their size in bytes, or null where they differ */
export async function compareFiles(one: string, other: string): Promise<number | null> {
  const others = piecesOf(other);
  let compared = 0;
  let rest = Buffer.alloc(0);
  for await (const piece of piecesOf(one)) {
    while (rest.length < piece.length) {
      const next = await others.next();
      if (next.done === true) return null;
      rest = Buffer.concat([rest, next.value]);
    }
    if (!rest.subarray(0, piece.length).equals(piece)) return null;
    rest = rest.subarray(piece.length);
    compared += piece.length;
  }
  return rest.length === 0 && (await others.next()).done === true ? compared : null;
}

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>;
}
