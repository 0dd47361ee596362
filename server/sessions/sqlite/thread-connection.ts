import { type Clock, systemClock, UploadError } from '../../../contract/index.js';
import { createThreads } from '../../threads.js';
import { createTurns } from '../../turns.js';
import { checkWorker } from '../../worker-check.js';
import { workerUrl } from '../../worker-url.js';
import type { Answer, Connection, DatabaseFiles } from './protocol.js';
import type { ThreadRequest } from './thread.js';

export interface ThreadConnectionOptions extends DatabaseFiles {
  /** The file that the thread starts from. Default: the package's own. */
  readonly worker?: URL;
  readonly clock?: Clock;
}

/** A connection to one thread of its own, started at the first use; a thread that dies is replaced by a new one. */
export function threadConnection({
  worker = workerUrl,
  clock = systemClock,
  ...files
}: ThreadConnectionOptions): Connection {
  const threads = createThreads({ worker, count: 1, workerData: files });
  const turns = createTurns(1, Number.POSITIVE_INFINITY);

  async function inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    await turns.take();
    try {
      return await run();
    } finally {
      turns.giveBack();
    }
  }
  const send = (request: ThreadRequest) => threads.run('sessions', request) as Promise<Answer[]>;

  return {
    open: () =>
      inTurn(async () => {
        await checkWorker(threads, { worker, clock });
        const [answer] = await send({ kind: 'open' }).catch((cause) => {
          throw new UploadError('STORE_UNAVAILABLE', { cause });
        });
        return (answer as Answer<string[]> | undefined) ?? { result: [] };
      }),
    run: (calls) => inTurn(() => send({ kind: 'run', calls })),
    async close() {
      try {
        // A thread that died, or never started, holds nothing.
        await inTurn(async () => threads.running && send({ kind: 'close' }));
      } finally {
        await threads.end();
      }
    },
  };
}
