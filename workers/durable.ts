import fs from 'node:fs';
import { TaskError } from './tasks.js';

/** Modes of what Chunkwise makes: its own user's alone, whatever the process's umask. */
export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;

/** Never a link's target, and never a wait for the other end of a pipe. Windows has neither flag. */
const SAFELY = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);
/** IOV_MAX of Linux: buffers that one system call takes. */
const MAX_BUFFERS_PER_CALL = 1024;

/** Opens a regular file that is there, lends its descriptor, and closes it in any case. */
export function withFile<Result>(path: string, flags: number, use: (fd: number) => Result): Result {
  const fd = fs.openSync(path, flags | SAFELY);
  let result: Result;
  try {
    if (!fs.fstatSync(fd).isFile())
      throw new TaskError({ code: 'NOT_A_FILE', message: `${path} is not a regular file` });
    result = use(fd);
  } catch (error) {
    quietly(() => fs.closeSync(fd));
    throw error;
  }
  // Some file systems report a failed write only here.
  fs.closeSync(fd);
  return result;
}

/** Makes an empty file; false where anything has that name. */
export function makeFile(path: string): boolean {
  const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
  let fd: number;
  try {
    fd = fs.openSync(path, O_CREAT | O_EXCL | O_WRONLY, FILE_MODE);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    fs.fchmodSync(fd, FILE_MODE);
  } finally {
    fs.closeSync(fd);
  }
  return true;
}

/** @throws TaskError where `path` is anything but a folder, such as a link to one */
export function checkFolder(path: string): void {
  if (!fs.lstatSync(path).isDirectory())
    throw new TaskError({ code: 'NOT_A_FOLDER', message: `${path} is not a folder` });
}

/** Writes all of the buffers. A full disk shows first as a short write, then as an error. */
export function writeAll(fd: number, buffers: readonly Uint8Array[], position: number): void {
  let rest = without(buffers, 0);
  while (rest.length > 0) {
    const written = fs.writevSync(fd, rest.slice(0, MAX_BUFFERS_PER_CALL), position);
    if (written === 0) throw new TaskError({ code: 'EIO', message: 'the disk takes no more bytes' });
    position += written;
    rest = without(rest, written);
  }
}

/** What is left of the buffers after their first `bytes`, without empty ones. */
function without(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  for (const buffer of buffers) {
    const skipped = Math.min(bytes, buffer.byteLength);
    bytes -= skipped;
    if (skipped < buffer.byteLength) rest.push(buffer.subarray(skipped));
  }
  return rest;
}

/** Makes what was created, renamed or removed in a folder last. */
export function syncFolder(path: string): void {
  // Windows cannot open folders; its file systems journal names by themselves.
  if (process.platform === 'win32') return;
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | SAFELY);
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    // Some network file systems have nothing to sync for a folder.
    if (codeOf(error) !== 'EINVAL') throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** For clean-up after an error that matters more. */
export function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // The first error is the one to tell.
  }
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
