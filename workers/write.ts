import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { checkFolder, makeFile, quietly, syncFolder, withFile, writeAll } from './durable.js';
import type { TaskArgs, TaskResult } from './tasks.js';

/** @throws RangeError where the buffers do not hold `extent.size` bytes: nothing was written */
export function writeChunk({
  extent,
  buffers,
  target,
  sync,
}: TaskArgs<'writeChunk'>): TaskResult<'writeChunk'> {
  const hash = createHash('sha256');
  let size = 0;
  for (const buffer of buffers) {
    hash.update(buffer);
    size += buffer.byteLength;
  }
  if (size !== extent.size) throw new RangeError(`a chunk of ${extent.size} bytes came as ${size} bytes`);
  const received = hash.digest('hex');
  if (received !== extent.hash) return { ok: false, received };

  if (target === 'whole') writeWhole(extent.path, buffers, size, sync);
  else
    withFile(extent.path, fs.constants.O_RDWR, (fd) => {
      writeAll(fd, buffers, extent.offset);
      if (sync) fs.fdatasyncSync(fd);
    });
  return { ok: true };
}

/**
 * The file may hold this very chunk already, accepted: it is written over with the same bytes, never emptied first,
 * so that a crash in between takes nothing away. A file that was made here and could not be filled is removed.
 */
function writeWhole(file: string, buffers: readonly Uint8Array[], size: number, sync: boolean): void {
  const folder = path.dirname(file);
  checkFolder(folder);
  const made = makeFile(file);
  try {
    withFile(file, fs.constants.O_RDWR, (fd) => {
      writeAll(fd, buffers, 0);
      fs.ftruncateSync(fd, size);
      if (sync) fs.fdatasyncSync(fd);
    });
  } catch (error) {
    if (made) quietly(() => fs.unlinkSync(file));
    throw error;
  }
  // Also where the file was there: whoever made it may have stopped before this step.
  if (sync) syncFolder(folder);
}
