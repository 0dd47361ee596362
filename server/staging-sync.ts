import { type Clock, SERVER_DEFAULTS } from '../contract/index.js';
import type { Logger } from './log.js';
import type { Sessions, UploadSession } from './sessions/sessions.js';
import type { Store } from './stores/store.js';

const { sweepBatchRows } = SERVER_DEFAULTS;

/**
 * With `durability: 'file'`: syncs staging every now and then and records how far, so that a power cut costs a
 * re-send of little.
 */
export function createStagingSync(deps: {
  sessions: Sessions;
  store: Store;
  clock: Clock;
  log: Logger;
  intervalMs: number;
}): {
  start(): void;
  stop(): Promise<void>;
  /** One round now. */
  run(): Promise<void>;
} {
  const { sessions, store, clock, log, intervalMs } = deps;
  let cancel = () => {};
  let stopped = false;
  let running = Promise.resolve();

  async function syncOne(session: UploadSession): Promise<void> {
    try {
      // Every chunk up to lastSeq was written before it was accepted, so this sync covers it.
      await store.sync(session);
    } catch (error) {
      let forgotten = await sessions.dropUnsynced(session.id);
      // A chunk may have been written before the failing sync and be accepted only now: its bytes are as doubtful.
      await sessions.whenUnclaimed(session.id);
      forgotten += await sessions.dropUnsynced(session.id);
      log.error(
        { uploadId: session.id, forgotten, error },
        'staging could not be synced; its newest chunks are asked for again',
      );
      return;
    }
    await sessions.recordSynced(session.id, session.lastSeq);
  }

  async function run(): Promise<void> {
    for (const session of await sessions.unsynced(sweepBatchRows)) await syncOne(session);
  }

  function start(): void {
    if (stopped) return;
    cancel = clock.after(intervalMs, () => {
      running = run()
        .catch((error: unknown) => log.warn({ error }, 'staging was not synced'))
        .then(start);
    });
  }

  return {
    start,
    run,
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
