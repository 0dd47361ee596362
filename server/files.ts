import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { type FileHash, UploadError } from '../contract/index.js';
import type { Core } from './core.js';
import { markGone } from './start.js';

/** A completed upload's file. */
export interface StoredFile {
  readonly uploadId: string;
  readonly owner: string;
  /** The client's word for it: text, never a path. */
  readonly name: string;
  readonly type: string | null;
  /** Relative to the root. */
  readonly path: string;
  readonly absolutePath: string;
  /** Bytes. */
  readonly size: number;
  readonly hash: FileHash;
}

/** Completed files, for the server's own code: no owner is checked here. */
export interface Files {
  /** Null: no completed upload has this id, or its file is gone. */
  stat(uploadId: string): Promise<StoredFile | null>;
  /** Bytes from `start` to `end`, both included. @throws UploadError UPLOAD_NOT_FOUND */
  open(uploadId: string, range?: { start: number; end: number }): Promise<Readable>;
  /** Deletes the file; the upload is `gone`. False where there was none. */
  remove(uploadId: string): Promise<boolean>;
}

export function createFiles(core: Core): Files {
  async function stat(uploadId: string): Promise<StoredFile | null> {
    await core.ready();
    const session = await core.sessions.get(uploadId);
    if (session?.status !== 'completed' || session.hash === null) return null;
    const path = await core.store.published(session);
    if (path === null) {
      await markGone(core, session);
      return null;
    }
    const { owner, name, type, size, hash } = session;
    return { uploadId, owner, name, type, path, absolutePath: core.store.publishedPath(session), size, hash };
  }

  return {
    stat,
    async open(uploadId, range) {
      const file = await stat(uploadId);
      if (file === null) throw new UploadError('UPLOAD_NOT_FOUND', { uploadId });
      return createReadStream(file.absolutePath, range);
    },
    async remove(uploadId) {
      await core.ready();
      const session = await core.sessions.get(uploadId);
      if (session?.status !== 'completed') return false;
      const removed = await core.store.remove(session);
      await markGone(core, session);
      return removed;
    },
  };
}
