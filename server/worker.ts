/** `chunkwise/worker`: the file that worker threads start from. One export per task. */
import type { ThreadRequest } from './sessions/sqlite/thread.js';

export * from '../workers/main.js';

/**
 * Requests to the sessions' database, which lives in a thread of its own; other threads never load its driver.
 * @param request a `ThreadRequest`; named here, it would bring the driver's types into the declarations of the entry
 */
export async function sessions(request: unknown): Promise<unknown> {
  const thread = await import('./sessions/sqlite/thread.js');
  return thread.sessions(request as ThreadRequest);
}
