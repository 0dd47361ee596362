import type { Clock } from '../../contract/index.js';
import type { Logger } from '../log.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Store } from '../stores/store.js';
import { inPages } from './pages.js';

/**
 * With `durability: 'file'`: syncs staging every now and then and records how far, so that a power cut costs a
 * re-send of little.
 */
export interface StagingSync {
  start(): void;
  stop(): Promise<void>;
  /** One round now. */
  run(): Promise<void>;
  /**
   * Assembly asks before it stages, and again after its own sync. False: a sync of this upload failed, and its newest
   * chunks could not be forgotten any more; the kernel may call the next sync good without having the bytes.
   * Asking settles it: the asker discards the bytes.
   */
  believes(uploadId: string): Promise<boolean>;
}

export function createStagingSync(deps: {
  sessions: Sessions;
  store: Store;
  clock: Clock;
  log: Logger;
  intervalMs: number;
}): StagingSync {
  const { sessions, store, clock, log, intervalMs } = deps;
  const syncing = new Map<string, Promise<void>>();
  const doubted = new Set<string>();
  let cancel = () => {};
  let stopped = false;
  let running = Promise.resolve();

  async function syncOne(uploadId: string): Promise<void> {
    const session = await sessions.get(uploadId);
    if (session?.status !== 'receiving') return;
    try {
      // Every chunk up to lastSeq was written before it was accepted, so this sync covers it.
      await store.sync(session);
    } catch (error) {
      doubted.add(uploadId);
      let forgotten = await sessions.dropUnsynced(uploadId);
      // A chunk may have been written before the failing sync and be accepted only now: its bytes are as doubtful.
      await sessions.whenUnclaimed(uploadId);
      forgotten += await sessions.dropUnsynced(uploadId);
      log.error(
        { uploadId, forgotten, error },
        'staging could not be synced; its newest chunks are asked for again',
      );
      // Where the last chunk came in between, assembly has begun: it is told.
      if ((await sessions.get(uploadId))?.status === 'receiving') doubted.delete(uploadId);
      return;
    }
    await sessions.recordSynced(uploadId, session.lastSeq);
  }

  async function run(): Promise<void> {
    for await (const { id } of inPages((after, limit) => sessions.unsynced(after, limit))) {
      const work = syncOne(id).finally(() => syncing.delete(id));
      syncing.set(
        id,
        work.catch(() => {}),
      );
      await work;
    }
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
    async believes(uploadId) {
      await syncing.get(uploadId);
      return !doubted.delete(uploadId);
    },
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
