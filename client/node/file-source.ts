import fs from 'node:fs/promises';
import path from 'node:path';
import { lookup } from 'mrmime';
import { UploadError } from '../../contract/for-clients.js';
import type { Source } from '../sources.js';

export interface FileSourceOptions {
  name?: string;
  /** Path below the chosen folder, with `/`. */
  relativePath?: string;
  /** MIME type. @default what the name's ending stands for */
  type?: string;
}

/**
 * A file on this machine. It is opened with the first read and stays open until closed; a link is followed.
 * @throws UploadError INPUT_INVALID where it cannot be read or is not a regular file
 */
export async function fileSource(file: string, options: FileSourceOptions = {}): Promise<Source> {
  const absolute = path.resolve(file);
  const stats = await fs.stat(absolute, { bigint: true }).catch((cause) => {
    throw unreadable(file, cause);
  });
  if (!stats.isFile())
    throw new UploadError('INPUT_INVALID', { message: `${file} is not a file that can be uploaded.` });
  const size = Number(stats.size);
  let opening: Promise<fs.FileHandle> | null = null;
  // As many as chunks were in flight at one time. Fresh memory for each chunk costs the system more than reading it.
  const idle: Buffer[] = [];
  // What is out, so that memory comes back once, and none that was not given.
  const lent = new WeakSet<ArrayBufferLike>();

  const opened = () => {
    opening ??= fs.open(absolute, 'r').catch((cause) => {
      opening = null;
      throw unreadable(file, cause);
    });
    return opening;
  };

  return {
    name: options.name ?? path.basename(absolute),
    size,
    type: options.type ?? lookup(absolute),
    lastModified: Number(stats.mtimeMs),
    relativePath: options.relativePath,
    path: absolute,
    // A list of files may wait for hours, and a file that grows meanwhile would be cut at the size it had.
    knownVersion: versionOf(stats),
    async read(offset, length) {
      const handle = await opened();
      const used = idle.pop();
      const buffer = used?.length && used.length >= length ? used : Buffer.allocUnsafeSlow(length);
      lent.add(buffer.buffer);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(buffer, done, length - done, offset + done).catch((cause) => {
          throw unreadable(file, cause);
        });
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    },
    recycle(bytes) {
      if (!(bytes instanceof Uint8Array) || !lent.delete(bytes.buffer)) return;
      // None is left of what a thread was given by transfer.
      if (bytes.buffer.byteLength > 0) idle.push(Buffer.from(bytes.buffer as ArrayBuffer));
    },
    /** By path: a file that was replaced by another one counts as changed too. */
    async version() {
      try {
        return versionOf(await fs.stat(absolute, { bigint: true }));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
        throw unreadable(file, cause);
      }
    },
    async close() {
      idle.length = 0;
      const handle = await opening;
      opening = null;
      await handle?.close();
    },
  };
}

function versionOf({ size, mtimeNs, ino }: { size: bigint; mtimeNs: bigint; ino: bigint }): string {
  return `${size}-${mtimeNs}-${ino}`;
}

/** In words, why a file or folder cannot be read. */
export function unreadable(file: string, cause: unknown): UploadError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const words =
    code === 'ENOENT'
      ? `There is no file ${file}.`
      : code === 'EACCES' || code === 'EPERM'
        ? `${file} may not be read by this user.`
        : `${file} cannot be read: ${message}`;
  return new UploadError('INPUT_INVALID', { message: words, cause });
}
