import { CHUNK_HASH_PATTERN, type ChunkHash } from '../../contract/hashes.js';

/** A piece of a file, or bytes whose memory was transferred. Sizes are bytes. */
export type HashTask =
  | { readonly blob: Blob; readonly offset: number; readonly size: number }
  | { readonly bytes: Uint8Array };

/** The first message of a worker that can hash. */
export const READY = 'ready';

/** null: the file is shorter than it was, or cannot be read any more. Anything else: the worker cannot. */
export type HashAnswer = ChunkHash | null;

export function isAnswer(data: unknown): data is HashAnswer {
  return data === null || (typeof data === 'string' && CHUNK_HASH_PATTERN.test(data));
}
