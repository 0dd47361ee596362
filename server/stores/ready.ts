import { constants } from 'node:fs';
import path from 'node:path';
import { FOLDER_MODE } from '../../workers/durable.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { codeOf, type FileCalls, look, unless } from './file-calls.js';
import type { Layout } from './layout.js';
import { unusable } from './store-errors.js';

/** Makes the root's folders last, and refuses a root that a store cannot keep its promises on. */
export async function makeReady(layout: Layout, files: FileCalls, tasks: TaskRunner): Promise<void> {
  const { root, staging } = layout;
  const firstMade = await makeRoot(root, files);
  await makeFolder(files, staging);
  await makeFolder(files, layout.files);

  for (const folder of [staging, layout.files])
    await permitted(folder, files.access(folder, constants.R_OK | constants.W_OK | constants.X_OK));
  if ((await files.stat(staging)).dev !== (await files.stat(layout.files)).dev)
    throw unusable(
      `${staging} and ${layout.files} are on different file systems, so that a finished file cannot be moved in one step. Mount one file system for both, at ${root}.`,
    );

  await tasks.run('syncFolder', { path: root });
  // A folder that was made is on the disk once its parent's names are.
  for (let made = root; firstMade && made.length >= firstMade.length; made = path.dirname(made))
    await tasks.run('syncFolder', { path: path.dirname(made) });
}

/** @returns the topmost folder that had to be made, if any */
async function makeRoot(root: string, files: FileCalls): Promise<string | undefined> {
  try {
    const firstMade = await permitted(root, files.mkdir(root, { recursive: true, mode: FOLDER_MODE }));
    if ((await files.stat(root)).isDirectory()) return firstMade;
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR'].includes(codeOf(error) ?? '')) throw error;
  }
  throw unusable(`${root} is not a folder. Choose a folder as root, or a path where one can be made.`);
}

/** Makes a folder that only the server's user may enter; a folder that is there stays as it is. */
export async function makeFolder(files: FileCalls, folder: string): Promise<void> {
  try {
    await permitted(folder, files.mkdir(folder, { mode: FOLDER_MODE }));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return checkFolder(files, folder);
  }
  await files.chmod(folder, FOLDER_MODE);
}

export async function checkFolder(files: FileCalls, folder: string): Promise<void> {
  const { kind } = await look(files, folder);
  if (kind !== 'folder')
    throw unusable(
      kind === 'nothing'
        ? `${folder} is gone. Restore it, or restart the server.`
        : `${folder} is a file or a link where a folder of the server belongs. Move it away.`,
    );
}

/** Removes a folder where it is there and empty. */
export async function removeIfEmpty(files: FileCalls, folder: string): Promise<void> {
  await unless(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], files.rmdir(folder));
}

async function permitted<Result>(folder: string, call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) throw error;
    throw unusable(
      `${folder} cannot be written to. Give the server's user the right to, or choose another root.`,
      error,
    );
  }
}
