import { readBuffer, readExtent } from './read.js';
import type { TaskArgs } from './tasks.js';

export function verifyChunks({ extents }: TaskArgs<'verifyChunks'>): number[] {
  const buffer = readBuffer();
  return [...extents.keys()].filter((position) => {
    const extent = extents[position];
    return extent === undefined || !readExtent(extent, buffer);
  });
}
