/** Runs in a worker thread: hashes a piece of a file, which it reads by itself, or bytes that were handed over. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { CLIENT_DEFAULTS } from '../../contract/for-clients.js';

/** A piece of a file, or bytes whose memory was transferred. Sizes are bytes. */
export type HashTask = { path: string; offset: number; size: number } | { bytes: Uint8Array };

/** SHA-256 as hex; null where the file is shorter than it should be; or why the file cannot be read. */
export type HashTaskAnswer = { hash: string | null } | { fault: { code: string; message: string } };

export default function run(task: HashTask): HashTaskAnswer {
  if ('bytes' in task) return { hash: createHash('sha256').update(task.bytes).digest('hex') };
  try {
    return { hash: hashPiece(task.path, task.offset, task.size) };
  } catch (error) {
    // Errors lose their code on the way between threads.
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    return { fault: { code, message } };
  }
}

function hashPiece(path: string, offset: number, size: number): string | null {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CLIENT_DEFAULTS.hashReadBytes, size));
    const hash = createHash('sha256');
    for (let done = 0; done < size; ) {
      const bytes = readSync(descriptor, buffer, 0, Math.min(buffer.length, size - done), offset + done);
      if (bytes === 0) return null;
      hash.update(buffer.subarray(0, bytes));
      done += bytes;
    }
    return hash.digest('hex');
  } finally {
    closeSync(descriptor);
  }
}
