import path from 'node:path';
import type { DiskStoreOptions } from '../../server/stores/disk.js';
import { createInPlaceStore } from '../../server/stores/in-place.js';
import { createMultiFileStore } from '../../server/stores/multi-file.js';
import type { Store, StoredChunk, StoredUpload } from '../../server/stores/store.js';

export interface DiskKind {
  make(options: DiskStoreOptions): Store;
  /** Where a written chunk's bytes lie. */
  place(store: Store, upload: StoredUpload, chunk: StoredChunk): { file: string; offset: number };
}

/** Both disk stores, for what holds of each. */
export const DISK_KINDS: Record<'in-place' | 'multi-file', DiskKind> = {
  'in-place': {
    make: createInPlaceStore,
    place: (store, upload, { offset }) => ({ file: store.stagedPath(upload), offset }),
  },
  'multi-file': {
    make: createMultiFileStore,
    place: (store, upload, { index, hash }) => ({
      file: path.join(path.dirname(store.stagedPath(upload)), `${index}.${hash}`),
      offset: 0,
    }),
  },
};
