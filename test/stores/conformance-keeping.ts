import { renameSync, rmSync, truncateSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Store } from '../../server/stores/store.js';
import { readPublished, writeAll } from '../support/carry.js';
import { idOf, sample } from '../support/stores.js';
import { flip, publish, type Ready } from './conformance-context.js';

/** What holds of files that are published, and of the root as a whole. */
export function describeKeeping(ready: Ready): void {
  it('knows when a published file is no longer there, and removes one', async () => {
    await using context = await ready();
    const { root, store } = context;
    const file = sample();
    await publish(store, file);
    truncateSync(store.publishedPath(file.upload), 39);
    expect(await store.published(file.upload)).toBeNull();
    rmSync(store.publishedPath(file.upload));
    expect(await store.published(file.upload)).toBeNull();
    expect(await store.remove(file.upload)).toBe(false);
    expect(await readdir(path.join(root, 'files'))).toEqual([]);

    const other = sample({ id: idOf(2) });
    await publish(store, other);
    expect(await store.remove(other.upload)).toBe(true);
    expect(await store.remove(other.upload)).toBe(false);
    expect(await readdir(path.join(root, 'files'))).toEqual([]);
  });

  it('copies a published file, however often it is asked', async () => {
    await using context = await ready();
    const { root, store } = context;
    const from = sample({ size: 61 });
    const to = sample({ size: 61, id: idOf(2), name: 'other name.pdf' });
    expect(await store.copy(from.upload, to.upload)).toBe(false);
    await publish(store, from);
    await store.create(to.upload);
    for (let time = 0; time < 2; time++) expect(await store.copy(from.upload, to.upload)).toBe(true);

    expect(await store.verify(to.upload, to.chunks)).toEqual([]);
    expect(await store.stage(to.upload, to.chunks, new Set(to.chunks.keys()))).toEqual([]);
    await store.syncStaged(to.upload);
    const published = await store.publish(to.upload);
    await store.discard(to.upload);
    expect(published).toBe(`files/${to.upload.id}/other name.pdf`);
    expect(readPublished(root, published)).toEqual(from.bytes);
    expect(await store.remove(from.upload)).toBe(true);
    expect(readPublished(root, published)).toEqual(from.bytes);
  });

  it('finds damage in a copy, and takes those chunks anew', async () => {
    await using context = await ready();
    const { root, store } = context;
    const from = sample();
    const to = sample({ id: idOf(2) });
    await publish(store, from);
    flip(store.publishedPath(from.upload), 15);
    expect(await store.copy(from.upload, to.upload)).toBe(true);
    expect(await store.stage(to.upload, to.chunks, new Set(to.chunks.keys()))).toEqual([2]);
    await store.create(to.upload);
    await writeAll(store, to, [2]);
    expect(await store.stage(to.upload, to.chunks, new Set(to.chunks.keys()))).toEqual([]);
    await store.syncStaged(to.upload);
    expect(readPublished(root, await store.publish(to.upload))).toEqual(to.bytes);
  });

  it('lists what belongs to uploads, removes orphans, and leaves the rest alone', async () => {
    await using context = await ready();
    const { root, store } = context;
    const [staged, published] = [sample({ id: idOf(1) }), sample({ id: idOf(2) })];
    await store.create(staged.upload);
    await writeAll(store, staged, [0]);
    await publish(store, published);
    for (const area of ['staging', 'files'])
      for (const name of ['lost+found', '.keep', `${idOf(3)}x`, idOf(10).toLowerCase()])
        await writeFile(path.join(root, area, name), 'not ours');

    const entries = await entriesOf(store);
    expect(entries).toHaveLength(2);
    expect(entries).toContainEqual({ id: staged.upload.id, area: 'staging' });
    expect(entries).toContainEqual({ id: published.upload.id, area: 'files' });
    // A published file stays, even where no session knows it; its folder alone goes.
    const file = { id: published.upload.id, area: 'files' } as const;
    expect(await store.removeOrphan(file)).toBe(false);
    expect(await readdir(path.join(root, 'files', file.id))).toHaveLength(1);
    expect(await store.remove(published.upload)).toBe(true);
    await mkdir(path.join(root, 'files', file.id), { recursive: true });
    for (const entry of entries) {
      expect(await store.removeOrphan(entry)).toBe(true);
      await store.removeOrphan(entry);
    }
    expect(await entriesOf(store)).toEqual([]);
    for (const area of ['staging', 'files']) expect(await readdir(path.join(root, area))).toHaveLength(4);
  });

  it('is ready again and again, and tells the room that is left', async () => {
    await using context = await ready();
    const { store } = context;
    await store.ready();
    expect(await store.freeBytes()).toBeGreaterThan(0);
    expect(store.maxChunks).toBeGreaterThanOrEqual(10_000);
    expect(store.maxFileSizeBytes).toBeGreaterThan(2 ** 40);
  });

  it('finds its files again under a root that was moved', async () => {
    await using context = await ready();
    const { root, store, makeOn } = context;
    const [file, half] = [sample(), sample({ id: idOf(2) })];
    const published = await publish(store, file);
    await store.create(half.upload);
    await writeAll(store, half, [0, 1, 2]);
    renameSync(root, `${root}-moved`);
    const moved = makeOn(`${root}-moved`);
    await moved.ready();
    expect(await moved.published(file.upload)).toBe(published);
    expect(await moved.verify(half.upload, half.chunks)).toEqual([3, 4, 5]);
  });
}

async function entriesOf(store: Store) {
  const entries: { id: string; area: 'staging' | 'files' }[] = [];
  for await (const entry of store.entries()) entries.push(entry);
  return entries;
}
