import * as CLIENT_DEFAULTS from '../../contract/client-defaults.js';
import { type ChunkHash, type Clock, clientClock, UploadError } from '../../contract/for-clients.js';
import { type Hasher, hashEach, readWhole, webHasher } from '../hash.js';
import { webCrypto } from '../sha256.js';
import { sizeOf } from '../sources.js';
import type { HashTask } from './messages.js';
import { createHashPool, type HashWorker } from './pool.js';
import { startHashWorker } from './start-worker.js';

export interface BrowserHasherOptions {
  /** Workers at one time. @default as many as the machine runs at once, at most CLIENT_DEFAULTS.hashWorkers */
  threads?: number;
  /** Starts a worker from `hash-worker.js`, for a bundler that does not find it. @default from beside this module */
  worker?: () => HashWorker;
  clock?: Clock;
}

/**
 * Hashes in Web Workers: by WebCrypto, or by hash-wasm where the origin has none. Files are read there; bytes are
 * copied for them. Small pieces stay here, where WebCrypto works off the page's thread as well, and so does all
 * that no worker can do. Workers start with the first hash, and end when there is nothing to do.
 */
export function browserHasher({
  threads = defaultThreads(),
  worker = startHashWorker,
  clock = clientClock,
}: BrowserHasherOptions = {}): Hasher & AsyncDisposable {
  const pool = createHashPool(worker, threads, clock);
  const page = webHasher();
  const secure = webCrypto() !== null;
  let closed = false;

  async function hashOne(
    size: number,
    index: number,
    make: () => [HashTask, ArrayBuffer[]],
    read: () => Promise<Uint8Array | Blob>,
  ): Promise<ChunkHash> {
    const small = secure && size <= CLIENT_DEFAULTS.pageSliceBytes;
    const answer = closed || small ? undefined : await pool.run(...make());
    if (closed) throw new UploadError('CANCELLED', { message: 'The hasher is closed.' });
    if (answer === null) throw new UploadError('FILE_CHANGED', { index });
    return answer ?? page.hashBytes(await read());
  }

  const hashBytes = (given: Uint8Array | Blob, index = 0) =>
    hashOne(
      sizeOf(given),
      index,
      () => {
        if (given instanceof Blob) return [{ blob: given, offset: 0, size: given.size }, []];
        // The memory moves to the worker, so it must be nobody else's.
        const bytes = new Uint8Array(given);
        return [{ bytes }, [bytes.buffer]];
      },
      async () => given,
    );

  async function close(): Promise<void> {
    closed = true;
    pool.close();
  }

  return {
    hashBytes: (bytes) => hashBytes(bytes),
    hashChunks: (source, pieces, options) =>
      hashEach(pieces, threads, options, async (piece) => {
        const { blob } = source;
        const read = () => readWhole(source, piece, options.signal);
        if (!blob) return hashBytes(await read(), piece.index);
        const { index, offset, size } = piece;
        return hashOne(size, index, () => [{ blob, offset, size }, []], read);
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** On a page with workers those; elsewhere WebCrypto alone. */
export function runtimeHasher(clock: Clock): Hasher {
  const { Worker, document } = globalThis as { Worker?: unknown; document?: unknown };
  return Worker && document ? browserHasher({ clock }) : webHasher();
}

function defaultThreads(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return Math.min(CLIENT_DEFAULTS.hashWorkers, navigator?.hardwareConcurrency || 2);
}
