import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Store } from '../../server/stores/store.js';
import type { Sample } from './stores.js';

/**
 * Brings a sample from wherever an earlier run stopped to its published file, as the server's core would: writes
 * what is not there, stages, syncs, publishes, discards. @returns the published path
 */
export async function carry(store: Store, { upload, chunks, body }: Sample): Promise<string> {
  await store.ready();
  if ((await store.published(upload)) === null) {
    await store.create(upload);
    for (let missing = await store.verify(upload, chunks); missing.length > 0; ) {
      await writeAll(store, { upload, chunks, body }, missing);
      missing = await store.stage(upload, chunks, new Set());
    }
    const damaged = await store.stage(upload, chunks, new Set(chunks.keys()));
    if (damaged.length > 0) throw new Error(`chunks ${damaged} were verified, and are damaged now`);
    await store.syncStaged(upload);
  }
  const published = await store.publish(upload);
  await store.discard(upload);
  return published;
}

/** Writes chunks in parallel, in the order given. */
export async function writeAll(
  store: Store,
  { upload, chunks, body }: Pick<Sample, 'upload' | 'chunks' | 'body'>,
  order: Iterable<number> = chunks.keys(),
  sync = false,
): Promise<void> {
  const outcomes = await Promise.all(
    Array.from(order, (index) =>
      store.write(upload, chunks[index]!, body(index, Math.ceil(upload.chunkSize / 3)), { sync }),
    ),
  );
  for (const outcome of outcomes) if (!outcome.ok) throw new Error(`mismatch: ${outcome.received}`);
}

/** Every file below `area`, relative to it. */
export function filesBelow(root: string, area: 'staging' | 'files'): string[] {
  const folder = path.join(root, area);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

/** The bytes at a published path, to compare with a sample's. */
export function readPublished(root: string, published: string): Uint8Array {
  return new Uint8Array(readFileSync(path.join(root, published)));
}
