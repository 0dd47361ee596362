import fs from 'node:fs';
import { withFile, writeAll } from './durable.js';
import { readBuffer, readExtent } from './read.js';
import type { TaskArgs } from './tasks.js';

/** Bytes of a damaged source may be in the target afterwards: the caller must not use it then. */
export function reassemble({ sources, target }: TaskArgs<'reassemble'>): number[] {
  const buffer = readBuffer();
  return withFile(target, fs.constants.O_RDWR, (fd) => {
    const damaged: number[] = [];
    for (const [position, source] of sources.entries()) {
      const intact = readExtent(source, buffer, (piece, at) =>
        writeAll(fd, [piece], source.targetOffset + at),
      );
      if (!intact) damaged.push(position);
    }
    return damaged;
  });
}
