import { WORKER_DEFAULTS } from '../../contract/index.js';

const { batchBytes, batchChunks, batchesInParallel } = WORKER_DEFAULTS;

/**
 * Runs `find` over the items in batches, several at a time, and gathers the items whose positions it answers.
 * After a failure no batch begins, and those that run end before this rejects.
 */
export async function findInBatches<Item extends { readonly size: number }>(
  items: readonly Item[],
  find: (batch: readonly Item[]) => Promise<number[]>,
  signal?: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = [];
  await inParallel(
    batchesOf(items),
    async (batch) => {
      for (const position of await find(batch)) {
        const item = batch[position];
        if (item) found.push(item);
      }
    },
    signal,
  );
  return found;
}

/** Runs `run` for each item, `batchesInParallel` at a time; ends and rejects as `findInBatches`. */
export async function inParallel<Item>(
  items: readonly Item[],
  run: (item: Item) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const rest = items.values();
  let failed = false;
  const lane = async () => {
    for (const item of rest) {
      if (failed) return;
      try {
        signal?.throwIfAborted();
        await run(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: batchesInParallel }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Consecutive items, small enough that all lanes get some where there are several. */
function batchesOf<Item extends { readonly size: number }>(items: readonly Item[]): Item[][] {
  const total = items.reduce((sum, { size }) => sum + size, 0);
  const goal = Math.min(batchBytes, Math.ceil(total / batchesInParallel));
  const batches: Item[][] = [];
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    batch.push(item);
    bytes += item.size;
    if (bytes < goal && batch.length < batchChunks) continue;
    batches.push(batch);
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
