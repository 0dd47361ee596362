import { toHex } from '../../contract/hashes.js';
import type { Answered, Asked, HashAnswer, HashTask } from './messages.js';
import { READY } from './messages.js';

/** The globals of a worker, as far as they are used. */
interface WorkerGlobals {
  onmessage: unknown;
  postMessage(message: unknown): void;
}

/** What a browser says of a file that was changed, moved or deleted since it was chosen. */
const UNREADABLE = ['NotReadableError', 'NotFoundError'];

/**
 * The whole of a hashing worker: answers one task after the other. What it cannot answer it answers with `undefined`,
 * so that the page hashes by itself.
 * @param hash hashes the piece, which it reads by itself: a chunk or less at one time, never a stream of the file
 */
export function serveHashes(hash: (piece: Blob | Uint8Array) => Promise<Uint8Array>): void {
  const worker = workerGlobals();
  worker.onmessage = async ({ data: [number, task] }: { data: Asked }) => {
    const answer: Answered = [number, await answerTo(task, hash).catch(() => undefined)];
    worker.postMessage(answer);
  };
  worker.postMessage(READY);
}

/** Tells the page at once that this worker never will. */
export function serveNothing(): void {
  workerGlobals().postMessage(undefined);
}

const workerGlobals = () => globalThis as unknown as WorkerGlobals;

async function answerTo(
  task: HashTask,
  hash: (piece: Blob | Uint8Array) => Promise<Uint8Array>,
): Promise<HashAnswer> {
  if ('bytes' in task) return toHex(await hash(task.bytes));
  const piece = task.blob.slice(task.offset, task.offset + task.size);
  if (piece.size !== task.size) return null;
  try {
    return toHex(await hash(piece));
  } catch (error) {
    if (error instanceof Error && UNREADABLE.includes(error.name)) return null;
    throw error;
  }
}
