/** `chunkwise/worker`: the file that worker threads start from. One export per task. */
import type { ThreadRequest } from './sessions/sqlite/thread.js';

export * from '../workers/main.js';

/** Requests to the sessions' database, which lives in a thread of its own; other threads never load its driver. */
export async function sessions(request: ThreadRequest): Promise<unknown> {
  const thread = await import('./sessions/sqlite/thread.js');
  return thread.sessions(request);
}
