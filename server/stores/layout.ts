import path from 'node:path';
import { UPLOAD_ID_PATTERN } from '../../contract/index.js';
import { safeName } from './safe-name.js';
import type { StoredChunk, StoredUpload } from './store.js';

/** Where things lie under a root. Pure: asks no disk. */
export interface Layout {
  readonly root: string;
  /** Uploads that are not published. */
  readonly staging: string;
  /** Published files, each in a folder of its own. */
  readonly files: string;
  /** An upload's entry in staging: a file (in-place) or a folder (multi-file). */
  stagingEntry(id: string): string;
  /** A chunk's own file within the entry. A chunk of another content has another name, so it replaces nothing. */
  chunkFile(id: string, chunk: Pick<StoredChunk, 'index' | 'hash'>): string;
  /** Within the entry: the file that chunk files are put together to. */
  assembled(id: string): string;
  /** Within the entry: the copy of another upload's published file. */
  copied(id: string): string;
  /** The folder that holds the published file alone. */
  fileFolder(id: string): string;
  published(upload: Pick<StoredUpload, 'id' | 'name'>): string;
  /** The same relative to the root, with `/`, as answers carry it. */
  publishedRelative(upload: Pick<StoredUpload, 'id' | 'name'>): string;
  /** Nothing of the app's may lie there: the root itself, `staging`, `files`, the database. */
  isReserved(absolutePath: string): boolean;
}

export function createLayout(givenRoot: string): Layout {
  const root = path.resolve(givenRoot);
  const staging = path.join(root, 'staging');
  const files = path.join(root, 'files');
  const stagingEntry = (id: string) => path.join(staging, checked(id));
  const fileFolder = (id: string) => path.join(files, checked(id));
  return {
    root,
    staging,
    files,
    stagingEntry,
    chunkFile: (id, { index, hash }) => path.join(stagingEntry(id), `${index}.${hash}`),
    assembled: (id) => path.join(stagingEntry(id), 'assembled'),
    copied: (id) => path.join(stagingEntry(id), 'copied'),
    fileFolder,
    published: ({ id, name }) => path.join(fileFolder(id), safeName(name)),
    isReserved(absolutePath) {
      const [first = '', ...below] = path.relative(root, absolutePath).split(path.sep);
      if (first === '') return true;
      return (
        first === 'staging' || first === 'files' || (below.length === 0 && first.startsWith('chunkwise.'))
      );
    },
    publishedRelative: ({ id, name }) => `files/${checked(id)}/${safeName(name)}`,
  };
}

/** Whatever mistake is made elsewhere, nothing but an id becomes a path. */
function checked(id: string): string {
  if (!UPLOAD_ID_PATTERN.test(id)) throw new RangeError(`not an upload id: ${JSON.stringify(id)}`);
  return id;
}
