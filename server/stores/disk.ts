import path from 'node:path';
import { MAX_CHUNKS, UPLOAD_ID_PATTERN } from '../../contract/index.js';
import { FILE_MODE } from '../../workers/durable.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { type FileCalls, look, type Seen, unless } from './file-calls.js';
import { createGiving } from './giving.js';
import type { Layout } from './layout.js';
import { openPublished } from './open-published.js';
import { checkFolder, makeFolder, makeReady, removeIfEmpty } from './ready.js';
import type { Store, StoredUpload } from './store.js';
import { unusable } from './store-errors.js';

export interface DiskStoreOptions {
  /** The folder that holds `staging/` and `files/`; made where it is missing. Only the server may write there. */
  root: string;
  tasks: TaskRunner;
  /** @default Node's */
  files?: FileCalls;
}

type SharedMethod =
  | 'maxFileSizeBytes'
  | 'maxChunks'
  | 'ready'
  | 'syncStaged'
  | 'publish'
  | 'published'
  | 'discard'
  | 'remove'
  | 'publishedPath'
  | 'open'
  | 'giveAway'
  | 'takeBack'
  | 'letGo'
  | 'entries'
  | 'removeOrphan'
  | 'freeBytes';

/** What both disk stores do alike. `stagedPath` is the file that `publish` moves. */
export function createDisk(
  layout: Layout,
  files: FileCalls,
  tasks: TaskRunner,
  stagedPath: Store['stagedPath'],
): Pick<Store, SharedMethod> {
  async function remove(upload: StoredUpload): Promise<boolean> {
    const folder = layout.fileFolder(upload.id);
    if ((await look(files, folder)).kind !== 'folder') {
      await checkFolder(files, layout.files);
      return false;
    }
    const wasThere = (await look(files, layout.published(upload))).kind !== 'nothing';
    if (wasThere) await files.unlink(layout.published(upload));
    await removeIfEmpty(files, folder);
    await tasks.run('syncFolder', { path: layout.files });
    return wasThere;
  }

  return {
    ...createGiving({ layout, files, tasks, remove }),
    remove,
    open: (upload, range) => openPublished(layout, files, upload, range),
    maxFileSizeBytes: Number.MAX_SAFE_INTEGER,
    maxChunks: MAX_CHUNKS,
    publishedPath: (upload) => layout.published(upload),
    ready: () => makeReady(layout, files, tasks),

    async syncStaged(upload) {
      await tasks.run('syncFile', { path: stagedPath(upload) });
    },

    /** Every step may have been done by an earlier call that did not end; then it is left out, or done again. */
    async publish(upload) {
      const from = stagedPath(upload);
      const folder = layout.fileFolder(upload.id);
      const to = layout.published(upload);
      await checkFolder(files, layout.files);
      const staged = await look(files, from);
      await makeFolder(files, folder);
      const target = await look(files, to);

      if (target.kind === 'nothing') {
        if (staged.kind !== 'file' || staged.size !== upload.size)
          throw unusable(`${from} is not there with ${upload.size} bytes.`);
        await files.rename(from, to);
      } else if (staged.kind !== 'nothing' || target.kind !== 'file' || target.size !== upload.size)
        throw unusable(`${to} is there although nothing was published there, and is never replaced.`);

      for (const changed of [folder, layout.files]) await tasks.run('syncFolder', { path: changed });
      // Gone where an earlier call did all of this, and what staging held was discarded since.
      await unless(['ENOENT'], tasks.run('syncFolder', { path: path.dirname(from) }));
      return layout.publishedRelative(upload);
    },

    async published(upload) {
      if ((await look(files, layout.fileFolder(upload.id))).kind !== 'folder') {
        // A disk that is not mounted must not look like deleted files.
        await checkFolder(files, layout.files);
        return null;
      }
      const seen = await look(files, layout.published(upload));
      return seen.kind === 'file' && seen.size === upload.size ? layout.publishedRelative(upload) : null;
    },

    async discard({ id }) {
      const entry = layout.stagingEntry(id);
      if ((await look(files, entry)).kind !== 'nothing')
        await files.rm(entry, { recursive: true, force: true });
      // Of a `publish` that stopped before it moved anything.
      await removeIfEmpty(files, layout.fileFolder(id));
    },

    async *entries() {
      for (const area of ['staging', 'files'] as const) {
        const folder = await unless(['ENOENT'], files.opendir(layout[area]));
        // Names that are no upload's are somebody else's, and stay.
        for await (const { name } of folder ?? []) if (UPLOAD_ID_PATTERN.test(name)) yield { id: name, area };
      }
    },

    async removeOrphan({ id, area }) {
      if (area === 'staging') {
        await files.rm(layout.stagingEntry(id), { recursive: true, force: true });
        return true;
      }
      const removed = files.rmdir(layout.fileFolder(id)).then(() => true);
      return (await unless(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], removed)) ?? false;
    },

    async freeBytes() {
      const { bavail, bsize } = await files.statfs(layout.root);
      return bavail * bsize;
    },
  };
}

/** Makes an empty file in place of whatever has the name, except what may stay. */
export async function makeFileAfresh(
  files: FileCalls,
  file: string,
  mayStay: (seen: Seen) => boolean = () => false,
): Promise<void> {
  // Exclusive: a link that has the name, or takes it in between, is not followed.
  const make = () => files.writeFile(file, '', { flag: 'wx', mode: FILE_MODE }).then(() => true);
  if ((await unless(['EEXIST'], make())) === undefined) {
    if (mayStay(await look(files, file))) return;
    await files.rm(file, { force: true, recursive: true });
    await make();
  }
  await files.chmod(file, FILE_MODE);
}

/** Copies the published file of `from` to `target`; false where it is not there. */
export async function copyPublished(
  disk: Pick<Store, 'published' | 'publishedPath'>,
  tasks: TaskRunner,
  from: StoredUpload,
  target: string,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await disk.published(from)) === null) return false;
  try {
    await tasks.run('copyFile', { from: disk.publishedPath(from), to: target }, signal ? { signal } : {});
  } catch (error) {
    if ((await disk.published(from)) !== null) throw error;
    // It was deleted before it was opened.
    return false;
  }
  return true;
}
