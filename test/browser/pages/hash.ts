/** Functions of a page that tests call: hashing the file that was chosen. */
import { blobSource, browserHasher, webHasher } from '../../../client/index.js';
import { createSha256 } from '../../../client/sha256.js';
import { watchLongTasks } from './long-tasks.js';

export interface HashRun {
  hashes: string[];
  longTasks: number[];
  progress: number[];
  error: string | null;
}

function chosen(): File {
  const file = document.querySelector('input')?.files?.[0];
  if (!file) throw new Error('no file was chosen');
  return file;
}

function piecesOf(size: number, pieceSize: number) {
  return Array.from({ length: Math.ceil(size / pieceSize) }, (_, index) => {
    const offset = index * pieceSize;
    return { index, offset, size: Math.min(pieceSize, size - offset) };
  });
}

const page = {
  async hash(pieceSize: number, how: 'default' | 'lost worker' | 'page' = 'default'): Promise<HashRun> {
    const file = chosen();
    const worker = () => new Worker(new URL('/no-such-worker.js', location.href), { type: 'module' });
    const hasher =
      how === 'page'
        ? webHasher()
        : browserHasher(how === 'lost worker' ? { worker, threads: 2 } : { threads: 2 });
    const progress: number[] = [];
    const stop = watchLongTasks();
    const options = {
      signal: new AbortController().signal,
      onProgress: (bytes: number) => progress.push(bytes),
    };
    try {
      const hashes = await hasher.hashChunks(blobSource(file), piecesOf(file.size, pieceSize), options);
      return { hashes, longTasks: await stop(), progress, error: null };
    } catch (error) {
      return { hashes: [], longTasks: await stop(), progress, error: (error as { code: string }).code };
    } finally {
      await hasher.close?.();
    }
  },

  /** What must not happen, so that the measure is known to see it. */
  async blocked(): Promise<{ longTasks: number[] }> {
    const stop = watchLongTasks();
    // A task of its own: the one that evaluates is not observed yet.
    await new Promise((resolve) => setTimeout(resolve));
    for (let i = 0; i < 20; i++) JSON.stringify(Array.from({ length: 200_000 }, (_, n) => n));
    await new Promise((resolve) => setTimeout(resolve));
    return { longTasks: await stop() };
  },

  /** hash-wasm's SHA-256 of these bytes on the page's own thread, whatever the origin. */
  async wasm(bytes: number[]): Promise<number[]> {
    return [...(await createSha256(null)(new Uint8Array(bytes)))];
  },
};

export type HashPage = typeof page;
Object.assign(globalThis, { page });
