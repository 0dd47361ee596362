import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import { type ChunkHash, type ChunkRange, type Sha256, UploadError } from '../contract/for-clients.js';
import { toUploadError } from './errors.js';
import { orAbort } from './scope.js';
import { createSha256, hexOf } from './sha256.js';
import { inMemory, type Source, sizeOf } from './sources.js';

export interface HashOptions {
  readonly signal: AbortSignal;
  /** Told how many bytes of the pieces are hashed so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** Computes chunk hashes. Obligation: it does not hold up the caller's thread where the runtime has another one. */
export interface Hasher {
  /**
   * Hashes of the pieces, in their order. An abort ends the waiting at once.
   * @throws UploadError FILE_CHANGED where the source gives fewer bytes than a piece has; the signal's reason when it
   *   aborts
   */
  hashChunks(source: Source, pieces: readonly ChunkRange[], options: HashOptions): Promise<ChunkHash[]>;
  hashBytes(bytes: Uint8Array | Blob): Promise<ChunkHash>;
  /** Ends its threads. */
  close?(): Promise<void>;
}

/** Hashes with WebCrypto: reads a chunk, hashes it, drops it. */
export function webHasher(sha256: Sha256 = createSha256()): Hasher {
  const hashBytes = async (bytes: Uint8Array | Blob) => hexOf(sha256, await inMemory(bytes));
  return {
    hashBytes,
    hashChunks: (source, pieces, options) =>
      hashEach(pieces, CLIENT_DEFAULTS.hashChunksInMemory, options, async (piece) =>
        hashBytes(await readWhole(source, piece, options.signal)),
      ),
  };
}

/** Hashes pieces one by one, `parallel` at a time, in order of their position. */
export async function hashEach(
  pieces: readonly ChunkRange[],
  parallel: number,
  { signal, onProgress }: HashOptions,
  hashOne: (piece: ChunkRange) => Promise<ChunkHash>,
): Promise<ChunkHash[]> {
  const hashes: ChunkHash[] = [];
  const todo = numbered(pieces);
  let hashed = 0;
  const lane = async () => {
    for (const [position, piece] of todo) {
      signal.throwIfAborted();
      hashes[position] = await hashOne(piece);
      hashed += piece.size;
      onProgress?.(hashed);
    }
  };
  await orAbort(Promise.all(Array.from({ length: Math.min(parallel, pieces.length) }, lane)), signal);
  signal.throwIfAborted();
  return hashes;
}

/** A generator, because it ends for all lanes as soon as one of them fails. */
function* numbered<T>(values: readonly T[]): Generator<[number, T]> {
  yield* values.entries();
}

/**
 * @throws UploadError FILE_CHANGED where the source is shorter than it was, INPUT_INVALID where it cannot be read; the
 *   signal's reason when it aborts
 */
export async function readWhole(
  source: Source,
  { index, offset, size }: ChunkRange,
  signal: AbortSignal,
): Promise<Uint8Array | Blob> {
  const bytes = await source.read(offset, size, signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw toUploadError(cause, { fallback: 'INPUT_INVALID' });
  });
  if (sizeOf(bytes) !== size)
    throw new UploadError('FILE_CHANGED', { index, expected: size, received: sizeOf(bytes) });
  return bytes;
}
