import fs from 'node:fs/promises';
import path from 'node:path';
import { isUploadError, type UploadError } from '../../contract/for-clients.js';
import type { Source } from '../sources.js';
import { fileSource, unreadable } from './file-source.js';

/** @param path absolute */
type OnUnreadable = (error: UploadError, path: string) => void;

/**
 * The file at `start`, or every file below the folder at `start`, as sources. Files of a folder carry a `relativePath`
 * that begins with the folder's name; they come sorted by name (UTF-16 order), each folder's in one go. Symbolic
 * links below the folder are left out, so that nothing is uploaded twice or from elsewhere; `start` itself may be one.
 * So are sockets, pipes and devices.
 * @param onUnreadable told of a file or folder that cannot be read; the others follow. Default: throws
 * @param signal ends the listing
 * @throws UploadError INPUT_INVALID where a file or folder cannot be read; the signal's reason when it aborts
 */
export async function* filesUnder(
  start: string,
  onUnreadable: OnUnreadable = rethrow,
  signal?: AbortSignal,
): AsyncGenerator<Source> {
  const absolute = path.resolve(start);
  // As given: '' is no path, while resolved it would be the current folder.
  const stats = await fs.stat(start).catch(() => null);
  signal?.throwIfAborted();
  if (stats?.isDirectory()) return yield* walk(absolute, path.basename(absolute), onUnreadable, signal);
  const source = await unlessUnreadable(fileSource(start), absolute, onUnreadable);
  if (source) yield source;
}

async function* walk(
  folder: string,
  relative: string,
  onUnreadable: OnUnreadable,
  signal: AbortSignal | undefined,
): AsyncGenerator<Source> {
  const reading = fs.readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  const entries = (await unlessUnreadable(reading, folder, onUnreadable)) ?? [];
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    signal?.throwIfAborted();
    const below = relative === '' ? entry.name : `${relative}/${entry.name}`;
    const absolute = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(absolute, below, onUnreadable, signal);
    else if (entry.isFile()) {
      const reading = fileSource(absolute, { relativePath: below });
      const source = await unlessUnreadable(reading, absolute, onUnreadable);
      if (source) yield source;
    }
  }
}

async function unlessUnreadable<Result>(
  call: Promise<Result>,
  path: string,
  onUnreadable: OnUnreadable,
): Promise<Result | null> {
  try {
    return await call;
  } catch (error) {
    if (!isUploadError(error)) throw error;
    onUnreadable(error, path);
    return null;
  }
}

function rethrow(error: UploadError): never {
  throw error;
}
