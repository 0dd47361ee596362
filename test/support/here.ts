import { SERVER_DEFAULTS } from '../../contract/index.js';
import { createWorkerPool, type WorkerPool } from '../../server/pool.js';
import type { Sessions } from '../../server/sessions/sessions.js';
import { createEngine } from '../../server/sessions/sqlite/engine.js';
import type { DatabaseFiles } from '../../server/sessions/sqlite/protocol.js';
import { createRepository } from '../../server/sessions/sqlite/repository.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';

let pool: WorkerPool | undefined;

/** Threads that all servers of this process share, and outlive them: starting their own is most of a small test. */
export function sharedTasks(): TaskRunner {
  pool ??= createWorkerPool({ worker: workerUrl });
  return { ...pool, async [Symbol.asyncDispose]() {} };
}

/** A server's sessions, used in this thread. */
export function sessionsHere(files: DatabaseFiles): Sessions {
  const { idleExpiryMs: idleMs, maxLifetimeMs } = SERVER_DEFAULTS;
  return createRepository(createEngine(files), { idleMs, maxLifetimeMs });
}
