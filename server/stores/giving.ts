import path from 'node:path';
import { isUploadError, UploadError } from '../../contract/index.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { findDamaged } from './damage.js';
import { codeOf, type FileCalls, unless } from './file-calls.js';
import { DEAD, FORBIDDEN, makeTargetFolder, permitted, placeOf, refused } from './giving-target.js';
import type { Layout } from './layout.js';
import { checkFolder } from './ready.js';
import type { Store, StoredChunk, StoredUpload } from './store.js';
import { unusable } from './store-errors.js';

/** Nothing has that name, or nothing can have it. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Begins the names of copies that are not given yet; no file of the app's may have such a name. */
const COPY_PREFIX = '.chunkwise-';

/** Two names with the same identity are one file, or, where `names` is 1, one name reached by two ways. */
interface Identity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly names: bigint;
}

/**
 * Published files to other places. The new name is a hard link, which replaces nothing; whether a name at the target
 * is ours is told by the file that it names, so no step has to be remembered. On another file system the copy is made
 * beside the target under a name of its own, which stays as the proof until `letGo`.
 */
export function createGiving(deps: {
  layout: Layout;
  files: FileCalls;
  tasks: TaskRunner;
  remove: Store['remove'];
}): Pick<Store, 'giveAway' | 'takeBack' | 'letGo'> {
  const { layout, files, tasks, remove } = deps;
  const copyBeside = (to: string, { id }: StoredUpload) => path.join(path.dirname(to), COPY_PREFIX + id);

  async function identify(name: string, size: number): Promise<Identity | null> {
    const stats = await unless(ABSENT, files.lstat(name, { bigint: true }));
    if (!stats?.isFile() || stats.size !== BigInt(size)) return null;
    return { device: stats.dev, inode: stats.ino, names: stats.nlink };
  }

  /** The published file, or null where it is not there. */
  async function source(upload: StoredUpload): Promise<Identity | null> {
    const found = await identify(layout.published(upload), upload.size);
    // A disk that is not mounted must not look like deleted files.
    if (found === null) await checkFolder(files, layout.files);
    return found;
  }

  /** The name at the target is the published file, or the copy of it. */
  async function isGiven(upload: StoredUpload, to: string, published: Identity): Promise<boolean> {
    const target = await identify(to, upload.size);
    if (target === null) return false;
    return isSame(target, published) || isSame(target, await identify(copyBeside(to, upload), upload.size));
  }

  /** @returns the code of what keeps the link from being made, or null: it is there */
  async function link(from: string, to: string): Promise<string | null> {
    try {
      await permitted(files.link(from, to), ['EPERM']);
      return null;
    } catch (error) {
      const code = codeOf(error) ?? '';
      if (code === 'EEXIST' || code === 'EXDEV') return code;
      if (NO_LINKS.includes(code))
        throw refused(
          'The file system of the target has no hard links, without which a file cannot be put there safely. Choose another place, or copy what `files.open` reads and then `files.remove` it.',
          error,
        );
      throw error;
    }
  }

  /** On the disk, and compared with what was verified when it came. */
  async function makeCopy(upload: StoredUpload, copy: string, chunks: readonly StoredChunk[]): Promise<void> {
    try {
      await permitted(tasks.run('copyFile', { from: layout.published(upload), to: copy }));
      await tasks.run('syncFile', { path: copy });
      const extents = chunks.map((chunk) => ({ ...chunk, path: copy }));
      if ((await findDamaged(tasks, extents)).length > 0)
        throw unusable(
          `the copy of ${layout.published(upload)} is not what was uploaded. Run \`chunkwise verify\`.`,
        );
    } catch (error) {
      // Its room may be what is missing.
      await files.rm(copy, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  async function giveAway(
    upload: StoredUpload,
    to: string,
    chunksOf: () => Promise<readonly StoredChunk[]>,
  ): Promise<boolean> {
    if (!(await isForApps(to)))
      throw refused(
        "The target is a name of the server's own. Choose a path outside of the root's `staging` and `files`, that does not begin with `.chunkwise-`.",
      );
    const published = await source(upload);
    if (published === null) return false;
    // Where it really is: a folder cannot be synced by a link to it.
    const folder = await placeOf(files, path.dirname(to));
    await makeTargetFolder(files, tasks, folder);

    if (!(await isGiven(upload, to, published))) {
      const copy = copyBeside(to, upload);
      let failure = await link(layout.published(upload), to);
      if (failure === 'EXDEV') {
        // Before it is copied: a name that is taken would be found out only after all of the bytes.
        if (await isTaken(to)) throw new UploadError('TARGET_EXISTS', { uploadId: upload.id });
        await makeCopy(upload, copy, await chunksOf());
        failure = await link(copy, to);
      }
      // Of a link on a network the answer may have been lost.
      if (failure !== null && !(await isGiven(upload, to, published)))
        throw new UploadError('TARGET_EXISTS', { uploadId: upload.id });
    }
    await tasks.run('syncFolder', { path: folder });
    return true;
  }

  async function isTaken(to: string): Promise<boolean> {
    return (await unless(ABSENT, files.lstat(to))) !== undefined;
  }

  /** Nothing of the server's can be meant, also through links on the way. */
  async function isForApps(to: string): Promise<boolean> {
    const name = path.basename(to);
    if (name.toLowerCase().startsWith(COPY_PREFIX) || layout.isReserved(to)) return false;
    const [root, folder] = [await files.realpath(layout.root), await placeOf(files, path.dirname(to))];
    return !layout.isReserved(path.resolve(layout.root, path.relative(root, folder), name));
  }

  async function forgetCopy(upload: StoredUpload, to: string): Promise<void> {
    const removed = files.rm(copyBeside(to, upload), { force: true });
    // The app may have moved or removed its folder since.
    await unless(
      ABSENT,
      removed.then(async () => tasks.run('syncFolder', { path: await files.realpath(path.dirname(to)) })),
    );
  }

  return {
    giveAway,

    async takeBack(upload, to) {
      const published = await source(upload);
      if (published === null) return true;
      try {
        if (await isForApps(to)) {
          if (await isGiven(upload, to, published)) await files.unlink(to);
          await forgetCopy(upload, to);
        }
        return true;
      } catch (error) {
        // Where the target was refused, nothing was given.
        if (isUploadError(error) && error.code === 'INPUT_INVALID') return true;
        // Where the target is out of reach nothing can be undone, and the file must not be stuck for that.
        const code = codeOf(isUploadError(error) ? error.cause : error) ?? '';
        if (FORBIDDEN.includes(code) || DEAD.includes(code)) return false;
        throw error;
      }
    },

    async letGo(upload, to) {
      await remove(upload);
      await forgetCopy(upload, to);
    },
  };
}

function isSame(one: Identity, other: Identity | null): boolean {
  return other !== null && one.names > 1n && one.device === other.device && one.inode === other.inode;
}
