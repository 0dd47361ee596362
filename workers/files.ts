import fs from 'node:fs';
import { FILE_MODE, withFile } from './durable.js';
import { type TaskArgs, TaskError } from './tasks.js';

export function syncFile({ path }: TaskArgs<'syncFile'>): null {
  withFile(path, fs.constants.O_RDWR, (fd) => fs.fdatasyncSync(fd));
  return null;
}

/** Shares the blocks where the file system can. What an interrupted try left at the target goes first. */
export function copyFile({ from, to }: TaskArgs<'copyFile'>): null {
  if (!fs.lstatSync(from).isFile())
    throw new TaskError({ code: 'NOT_A_FILE', message: `${from} is not a regular file` });
  fs.rmSync(to, { force: true });
  // Exclusive: a link that takes the name in between is not followed.
  fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(to, FILE_MODE);
  return null;
}
