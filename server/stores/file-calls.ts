import fs from 'node:fs/promises';

/**
 * The calls about names and sizes that a store makes itself; reading, writing and syncing are tasks. Injected, so
 * that a process can be made to stop between any two of them.
 */
export type FileCalls = Pick<
  typeof fs,
  | 'access'
  | 'chmod'
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'opendir'
  | 'readdir'
  | 'realpath'
  | 'rename'
  | 'rm'
  | 'rmdir'
  | 'stat'
  | 'statfs'
  | 'truncate'
  | 'unlink'
  | 'writeFile'
>;

export const nodeFileCalls: FileCalls = fs;

/** What bears a name, without following a link. */
export type Seen =
  | { kind: 'nothing' | 'folder' | 'other' }
  /** A regular file, and its bytes. */
  | { kind: 'file'; size: number };

export async function look(files: FileCalls, path: string): Promise<Seen> {
  const stats = await unless(['ENOENT', 'ENOTDIR'], files.lstat(path));
  if (!stats) return { kind: 'nothing' };
  if (stats.isFile()) return { kind: 'file', size: stats.size };
  return { kind: stats.isDirectory() ? 'folder' : 'other' };
}

/** What a call answers, or undefined where it failed with one of these codes. */
export async function unless<Result>(
  codes: readonly string[],
  call: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codes.includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** The code of a failed system call, in this thread or in a worker. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
