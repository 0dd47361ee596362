import os from 'node:os';
import { type ChunkHash, type ChunkRange, CLIENT_DEFAULTS, UploadError } from '../../contract/for-clients.js';
import { type Hasher, hashEach, readWhole } from '../hash.js';
import { inMemory } from '../sources.js';
import type { HashTask, HashTaskAnswer } from './hash-worker.js';
import { hashWorkerUrl } from './worker-url.js';

interface Pool {
  run(task: HashTask, options?: { transferList?: ArrayBuffer[] }): Promise<HashTaskAnswer>;
  destroy(): Promise<void>;
}

export interface NodeHasherOptions {
  /** @default os.availableParallelism() */
  threads?: number;
  /** Where a thread starts; a bundler may have moved it. */
  worker?: URL;
}

/**
 * Hashes in worker threads, which read files by themselves; other sources are read here, and their bytes handed over.
 * Threads start with the first hash. A piece that a thread has begun is finished there also after an abort.
 */
export function nodeHasher({
  threads = os.availableParallelism(),
  worker = hashWorkerUrl(),
}: NodeHasherOptions = {}): Hasher & AsyncDisposable {
  let starting: Promise<Pool> | null = null;
  let closed = false;

  function pool(): Promise<Pool> {
    if (closed) throw new UploadError('CANCELLED', { message: 'The hasher is closed.' });
    starting ??= import('piscina').then(
      ({ Piscina }) =>
        new Piscina<HashTask, HashTaskAnswer>({
          filename: worker.href,
          minThreads: 0,
          maxThreads: threads,
          idleTimeout: CLIENT_DEFAULTS.hashThreadIdleMs,
        }),
    );
    return starting;
  }

  async function hashOne(
    task: HashTask,
    index: number,
    transferList: ArrayBuffer[] = [],
  ): Promise<ChunkHash> {
    const answer = await (await pool()).run(task, { transferList });
    if ('fault' in answer) throw faultOf(answer.fault);
    if (answer.hash === null) throw new UploadError('FILE_CHANGED', { index });
    return answer.hash;
  }

  async function hashBytes(given: Uint8Array | Blob, index = 0): Promise<ChunkHash> {
    const bytes = await inMemory(given);
    // The memory moves to the thread, so it must be nobody else's.
    const own = given instanceof Blob ? bytes : new Uint8Array(bytes);
    return hashOne({ bytes: own }, index, own.buffer instanceof ArrayBuffer ? [own.buffer] : []);
  }

  const hashPiece = (path: string, { index, offset, size }: ChunkRange) =>
    hashOne({ path, offset, size }, index);

  async function close(): Promise<void> {
    closed = true;
    await (await starting)?.destroy();
  }

  return {
    hashBytes: (bytes) => hashBytes(bytes),
    hashChunks: (source, pieces, options) =>
      hashEach(pieces, threads, options, async (piece) =>
        source.path === undefined
          ? hashBytes(await readWhole(source, piece, options.signal), piece.index)
          : hashPiece(source.path, piece),
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function faultOf({ code, message }: { code: string; message: string }): UploadError {
  if (code === 'ENOENT') return new UploadError('FILE_CHANGED');
  return new UploadError('INPUT_INVALID', { message: `The file cannot be read: ${message}` });
}
