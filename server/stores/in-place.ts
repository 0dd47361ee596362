import { findDamaged, indexesOf } from './damage.js';
import { copyPublished, createDisk, type DiskStoreOptions, makeFileAfresh } from './disk.js';
import { look, nodeFileCalls } from './file-calls.js';
import { handOver } from './hand-over.js';
import { createLayout } from './layout.js';
import { checkFolder } from './ready.js';
import type { Store, StoredChunk, StoredUpload } from './store.js';
import { withStoreErrors } from './store-errors.js';

/**
 * Writes each verified chunk at its offset in one staging file, which is then renamed into place: no second copy.
 * The file grows as chunks come; what lies between them takes no room.
 */
export function createInPlaceStore({ root, tasks, files = nodeFileCalls }: DiskStoreOptions): Store {
  const layout = createLayout(root);
  const stagedPath = ({ id }: StoredUpload) => layout.stagingEntry(id);
  const disk = createDisk(layout, files, tasks, stagedPath);
  const extentsOf = (upload: StoredUpload, chunks: readonly StoredChunk[]) =>
    chunks.map((chunk) => ({ ...chunk, path: stagedPath(upload) }));

  const store: Store = {
    ...disk,
    kind: 'in-place',
    stagedPath,

    async create(upload) {
      await checkFolder(files, layout.staging);
      // An entry of another kind, such as the other store's folder, holds nothing that this store can use.
      await makeFileAfresh(files, stagedPath(upload), ({ kind }) => kind === 'file');
      await tasks.run('syncFolder', { path: layout.staging });
    },

    async exists(upload) {
      if ((await look(files, stagedPath(upload))).kind === 'file') return true;
      // A disk that is not mounted must not look like deleted chunks.
      await checkFolder(files, layout.staging);
      return false;
    },

    async write(upload, { offset, size, hash }, body, { sync, signal }) {
      const { buffers, transfer } = handOver(body, size);
      const extent = { path: stagedPath(upload), offset, size, hash };
      return tasks.run(
        'writeChunk',
        { extent, buffers, target: 'existing', sync },
        { transfer, ...(signal && { signal }) },
      );
    },

    verify: (upload, chunks, signal) => findDamaged(tasks, extentsOf(upload, chunks), signal),

    async sync(upload) {
      await tasks.run('syncFile', { path: stagedPath(upload) });
    },

    async stage(upload, chunks, recheck, signal) {
      signal?.throwIfAborted();
      const staged = await look(files, stagedPath(upload));
      if (staged.kind !== 'file') return indexesOf(chunks);
      // Whatever is rechecked, chunks beyond the end of the file are not there.
      const isBeyond = ({ offset, size }: StoredChunk) => offset + size > staged.size;
      const within = chunks.filter((chunk) => recheck.has(chunk.index) && !isBeyond(chunk));
      const damaged = await store.verify(upload, within, signal);
      if (staged.size > upload.size) await files.truncate(stagedPath(upload), upload.size);
      return indexesOf([...chunks.filter(isBeyond), ...damaged.map((index) => ({ index }))]);
    },

    copy: (from, to, signal) => copyPublished(disk, tasks, from, stagedPath(to), signal),
  };
  return withStoreErrors(store);
}
