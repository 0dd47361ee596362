import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { withFile } from './durable.js';
import { hashPieces, readBuffer } from './read.js';
import { type TaskArgs, TaskError } from './tasks.js';

export function hashFile({ path, pieces }: TaskArgs<'hashFile'>): string[] {
  const buffer = readBuffer();
  return withFile(path, fs.constants.O_RDONLY, (fd) =>
    pieces.map((piece) => {
      const hash = hashPieces(fd, piece, buffer);
      if (hash === null)
        throw new TaskError({
          code: 'UNREADABLE',
          message: `${path} cannot be read up to byte ${piece.offset + piece.size}`,
        });
      return hash;
    }),
  );
}

export function hashOfHashes({ joined }: TaskArgs<'hashOfHashes'>): string {
  return createHash('sha256').update(joined).digest('hex');
}
