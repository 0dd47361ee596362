import type { Extent, TaskRunner } from '../../workers/tasks.js';
import { findInBatches } from './batches.js';

/** Indexes, ascending, of the chunks whose bytes are not at their extents. */
export async function findDamaged(
  tasks: TaskRunner,
  extents: readonly (Extent & { index: number })[],
  signal?: AbortSignal,
): Promise<number[]> {
  const find = (batch: readonly Extent[]) =>
    tasks.run('verifyChunks', { extents: [...batch] }, signal ? { signal } : {});
  return indexesOf(await findInBatches(extents, find, signal));
}

/** Ascending, each once. */
export function indexesOf(chunks: Iterable<{ readonly index: number }>): number[] {
  return [...new Set([...chunks].map(({ index }) => index))].sort((a, b) => a - b);
}
