import { workerData } from 'node:worker_threads';
import { createEngine } from './engine.js';
import type { Answer, Call, DatabaseFiles } from './protocol.js';

/** What the server's main thread posts to the thread that uses the database. */
export type ThreadRequest =
  | { readonly kind: 'open' }
  | { readonly kind: 'run'; readonly calls: readonly Call[] }
  | { readonly kind: 'close' };

const engine = createEngine(workerData as DatabaseFiles);

/** The thread's entry; the paths of the database are the thread's `workerData`. */
export async function sessions(message: unknown): Promise<Answer[]> {
  const request = message as ThreadRequest;
  if (request.kind === 'run') return engine.run(request.calls);
  if (request.kind === 'open') return [await engine.open()];
  await engine.close();
  return [];
}
