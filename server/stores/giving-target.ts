import path from 'node:path';
import { UploadError } from '../../contract/index.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { codeOf, type FileCalls, unless } from './file-calls.js';

/** The target cannot be used at all. Without paths: apps pass such sentences on. */
export function refused(message: string, cause?: unknown): UploadError {
  return new UploadError('INPUT_INVALID', { message, cause });
}

const UNUSABLE = ['ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL'];
/** The server's user lacks the right. */
export const FORBIDDEN = ['EACCES', 'EPERM', 'EROFS'];
/** The target's disk is dead, or its network is away, for now or for ever: nobody can tell. */
export const DEAD = [
  ...['EIO', 'ENODEV', 'ENXIO', 'ENOMEDIUM', 'EREMOTEIO'],
  ...['ESTALE', 'ETIMEDOUT', 'ENOTCONN', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETUNREACH'],
];

/** Gives failures that are about the target a sentence that says what to do. */
export async function permitted<Result>(
  call: Promise<Result>,
  otherwise: readonly string[] = [],
): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (otherwise.includes(code)) throw error;
    if (UNUSABLE.includes(code))
      throw refused(
        'The target cannot be a file: a part of its path is a file, or too long. Choose another.',
        error,
      );
    if (FORBIDDEN.includes(code))
      throw new UploadError('STORE_UNAVAILABLE', {
        message:
          "The target's folder cannot be written to. Give the server's user the right to, or choose another.",
        cause: error,
      });
    throw error;
  }
}

/** Where a folder really is, or will be once it is made: links on the way are followed. */
export async function placeOf(files: FileCalls, folder: string): Promise<string> {
  const found = await permitted(unless(['ENOENT'], files.realpath(folder)));
  if (found !== undefined) return found;
  const parent = path.dirname(folder);
  return parent === folder ? folder : path.join(await placeOf(files, parent), path.basename(folder));
}

/**
 * Makes the folder and all that it needs, each with its name on the disk before the next one is made within it: so
 * after a crash at most the last one that is there may not be, and that one is synced again.
 */
export async function makeTargetFolder(files: FileCalls, tasks: TaskRunner, folder: string): Promise<void> {
  const parent = path.dirname(folder);
  if (parent === folder) return;
  if ((await permitted(unless(['ENOENT'], files.stat(folder)))) === undefined) {
    await makeTargetFolder(files, tasks, parent);
    await permitted(unless(['EEXIST'], files.mkdir(folder)));
  }
  // Not ours to read, then not ours to have made.
  await unless(FORBIDDEN, tasks.run('syncFolder', { path: parent }));
}
