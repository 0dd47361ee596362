import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { MiB } from '../../../contract/index.js';

const BLOCK = 4 * MiB;

/** A file on disk without two equal blocks, and what Node says of its pieces. */
export async function bigFile(size: number, pieceSize: number) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chunkwise-big-'));
  const file = path.join(folder, 'big.bin');
  const handle = await open(file, 'w');
  const block = randomBytes(BLOCK);
  const hashes: string[] = [];
  let hash = createHash('sha256');
  let inPiece = 0;
  for (let at = 0; at < size; at += BLOCK) {
    block.writeUInt32BE(at / BLOCK, 0);
    const part = block.subarray(0, Math.min(BLOCK, size - at));
    await handle.write(part);
    for (let from = 0; from < part.length; ) {
      const end = Math.min(part.length, from + pieceSize - inPiece);
      hash.update(part.subarray(from, end));
      inPiece += end - from;
      from = end;
      if (inPiece < pieceSize) continue;
      hashes.push(hash.digest('hex'));
      hash = createHash('sha256');
      inPiece = 0;
    }
  }
  if (inPiece > 0) hashes.push(hash.digest('hex'));
  await handle.close();
  return {
    path: file,
    hashes,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
