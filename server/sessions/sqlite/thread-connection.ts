import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { workerUrl } from '../../worker-url.js';
import type { Answer, Connection, DatabaseFiles } from './protocol.js';
import type { ThreadRequest } from './thread.js';

export interface ThreadConnectionOptions extends DatabaseFiles {
  /** The file that the thread starts from. Default: the package's own. */
  readonly worker?: URL;
}

/** A connection to one thread of its own, started at the first use; a thread that dies is replaced by a new one. */
export function threadConnection({
  file,
  lockFile,
  worker = workerUrl,
}: ThreadConnectionOptions): Connection {
  let pool: Piscina<ThreadRequest, Answer[]> | undefined;

  function send(request: ThreadRequest): Promise<Answer[]> {
    pool ??= new Piscina({
      filename: fileURLToPath(worker),
      name: 'sessions',
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData: { file, lockFile } satisfies DatabaseFiles,
    });
    return pool.run(request);
  }

  return {
    async open() {
      const [answer] = (await send({ kind: 'open' })) as Answer<null>[];
      return answer ?? { result: null };
    },
    run: (calls) => send({ kind: 'run', calls }),
    async close() {
      if (!pool) return;
      try {
        await send({ kind: 'close' });
      } finally {
        await pool.destroy();
      }
    },
  };
}
