import { CHUNK_HASH_PATTERN, type ChunkHash } from '../../contract/hashes.js';

/** A piece of a file, or bytes whose memory was transferred. Sizes are bytes. */
export type HashTask =
  | { readonly blob: Blob; readonly offset: number; readonly size: number }
  | { readonly bytes: Uint8Array };

/** The first message of a worker that can hash. */
export const READY = 'ready';

/** null: the file is shorter than it was, or cannot be read any more. Anything else: the worker cannot. */
export type HashAnswer = ChunkHash | null;

/** What goes to a worker, and comes back: the number says which task it is, or which one was answered. */
export type Asked = readonly [number: number, task: HashTask];
export type Answered = readonly [number: number, answer: HashAnswer | undefined];

export function isAnswerTo(number: number, data: unknown): data is readonly [number, HashAnswer] {
  if (!Array.isArray(data) || data[0] !== number) return false;
  return data[1] === null || (typeof data[1] === 'string' && CHUNK_HASH_PATTERN.test(data[1]));
}
