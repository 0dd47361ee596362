import { constants } from 'node:fs';
import { Readable } from 'node:stream';
import { type FileCalls, unless } from './file-calls.js';
import type { Layout } from './layout.js';
import { checkFolder } from './ready.js';
import type { ByteRange, StoredUpload } from './store.js';

/** Never a link's target, and never a wait for the other end of a pipe. Windows has neither flag. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** `Store.open` for files on a disk. */
export async function openPublished(
  layout: Layout,
  files: FileCalls,
  upload: StoredUpload,
  range: ByteRange | undefined,
): Promise<Readable | null> {
  const opening = files.open(layout.published(upload), READ_SAFELY);
  const handle = await unless(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'], opening);
  if (handle === undefined) {
    // A disk that is not mounted must not look like deleted files.
    await checkFolder(files, layout.files);
    return null;
  }
  let isWhole = false;
  try {
    const stats = await handle.stat();
    isWhole = stats.isFile() && stats.size === upload.size;
  } finally {
    if (!isWhole || upload.size === 0) await handle.close();
  }
  if (!isWhole) return null;
  if (upload.size === 0) return Readable.from([]);
  // With its end even for the whole file: one that was moved meanwhile may grow, and no answer may.
  return handle.createReadStream(range ? { ...range } : { start: 0, end: upload.size - 1 });
}
