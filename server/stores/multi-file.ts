import path from 'node:path';
import type { Extent } from '../../workers/tasks.js';
import { findInBatches, inParallel } from './batches.js';
import { findDamaged, indexesOf } from './damage.js';
import { copyPublished, createDisk, type DiskStoreOptions, makeFileAfresh } from './disk.js';
import { look, nodeFileCalls, unless } from './file-calls.js';
import { handOver } from './hand-over.js';
import { createLayout } from './layout.js';
import { checkFolder, makeFolder } from './ready.js';
import type { Store, StoredChunk, StoredUpload } from './store.js';
import { withStoreErrors } from './store-errors.js';
import { createUnsynced } from './unsynced.js';

/**
 * Keeps each chunk in a file of its own, in a folder per upload; once all are there they are put together, in
 * parallel at their offsets, and hashed again on the way. Needs the room of a file twice while it does.
 */
export function createMultiFileStore({ root, tasks, files = nodeFileCalls }: DiskStoreOptions): Store {
  const layout = createLayout(root);
  const folderOf = ({ id }: StoredUpload) => layout.stagingEntry(id);
  const stagedPath = ({ id }: StoredUpload) => layout.assembled(id);
  const disk = createDisk(layout, files, tasks, stagedPath);
  const unsynced = createUnsynced();

  /** Where each chunk's bytes lie: in its own file, or, for a copied upload, in the copy where it has none. */
  const extentsOf = async (
    upload: StoredUpload,
    chunks: readonly StoredChunk[],
  ): Promise<(Extent & StoredChunk & { targetOffset: number })[]> => {
    const copied = layout.copied(upload.id);
    const isCopy = (await look(files, copied)).kind === 'file';
    const names = isCopy ? new Set(await files.readdir(folderOf(upload))) : null;
    return chunks.map((chunk) => {
      const own = layout.chunkFile(upload.id, chunk);
      const place =
        !names || names.has(path.basename(own))
          ? { path: own, offset: 0 }
          : { path: copied, offset: chunk.offset };
      return { ...chunk, ...place, targetOffset: chunk.offset };
    });
  };

  const store: Store = {
    ...disk,
    kind: 'multi-file',
    stagedPath,

    async create(upload) {
      await checkFolder(files, layout.staging);
      const folder = folderOf(upload);
      const { kind } = await look(files, folder);
      // An entry of another kind, such as the other store's file, holds nothing that this store can use.
      if (kind === 'file' || kind === 'other') await files.rm(folder, { force: true });
      await makeFolder(files, folder);
      await tasks.run('syncFolder', { path: layout.staging });
    },

    async exists(upload) {
      if ((await look(files, folderOf(upload))).kind === 'folder') return true;
      // A disk that is not mounted must not look like deleted chunks.
      await checkFolder(files, layout.staging);
      return false;
    },

    async write(upload, chunk, body, { sync, signal }) {
      const { buffers, transfer } = handOver(body, chunk.size);
      const file = layout.chunkFile(upload.id, chunk);
      const outcome = await tasks.run(
        'writeChunk',
        {
          extent: { path: file, offset: 0, size: chunk.size, hash: chunk.hash },
          buffers,
          target: 'whole',
          sync,
        },
        { transfer, ...(signal && { signal }) },
      );
      if (outcome.ok && !sync) unsynced.add(upload.id, file);
      return outcome;
    },

    async verify(upload, chunks, signal) {
      if (!(await store.exists(upload))) return indexesOf(chunks);
      return findDamaged(tasks, await extentsOf(upload, chunks), signal);
    },

    async sync(upload) {
      const folder = folderOf(upload);
      await checkFolder(files, folder);
      const list = async () => (await files.readdir(folder)).map((name) => path.join(folder, name));
      await unsynced.settle(upload.id, list, async (paths) => {
        await inParallel(paths, async (file) => {
          // A file that could not be filled is removed again by its writer, and was not accepted.
          await unless(['ENOENT'], tasks.run('syncFile', { path: file }));
        });
        await tasks.run('syncFolder', { path: folder });
      });
    },

    async stage(upload, chunks, _recheck, signal) {
      signal?.throwIfAborted();
      if (!(await store.exists(upload))) return indexesOf(chunks);
      const target = stagedPath(upload);
      const sources = await extentsOf(upload, chunks);
      const put = (batch: readonly (typeof sources)[number][]) =>
        tasks.run('reassemble', { sources: [...batch], target }, signal ? { signal } : {});
      let isWhole = false;
      try {
        await makeFileAfresh(files, target);
        await files.truncate(target, upload.size);
        const damaged = indexesOf(await findInBatches(sources, put, signal));
        isWhole = damaged.length === 0;
        return damaged;
      } finally {
        // Its room is needed for what is to come again.
        if (!isWhole) await files.rm(target, { force: true });
      }
    },

    async copy(from, to, signal) {
      await store.create(to);
      return copyPublished(disk, tasks, from, layout.copied(to.id), signal);
    },

    async discard(upload) {
      await disk.discard(upload);
      unsynced.forget(upload.id);
    },

    async removeOrphan(entry) {
      unsynced.forget(entry.id);
      return disk.removeOrphan(entry);
    },
  };
  return withStoreErrors(store);
}
