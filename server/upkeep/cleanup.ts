import type { Jobs } from '../assembly/jobs.js';
import type { Events } from '../events.js';
import type { Logger } from '../log.js';
import type { InFlight } from '../receive/in-flight.js';
import { closedError } from '../receive/receive-errors.js';
import type { Sessions, UploadSession } from '../sessions/sessions.js';
import { createSingleFlight } from '../single-flight.js';
import type { Store } from '../stores/store.js';

/** Removes what an upload that ended leaves in staging, or of a file that was moved. The change of status has closed it to new claims already. */
export interface Cleanup {
  /** Stops queued work, waits for running writes, removes bytes, records that. May be repeated. */
  clean(session: UploadSession): Promise<void>;
  /** Tells that an upload ended, and cleans up in the background; a failure is left to the sweep. */
  ended(session: UploadSession): void;
  /** The same, for a caller that does not have the session as it is now. */
  endedSoon(uploadId: string): void;
  /** Resolves when what is being cleaned now has been. */
  idle(): Promise<void>;
}

export function createCleanup(deps: {
  sessions: Sessions;
  store: Store;
  inFlight: InFlight;
  jobs: Jobs;
  events: Events;
  log: Logger;
}): Cleanup {
  const { sessions, store, inFlight, jobs, events, log } = deps;
  const cleanOnce = createSingleFlight<void>();
  const background = new Set<Promise<void>>();

  async function clean(session: UploadSession): Promise<void> {
    inFlight.close(session.id, closedError(session));
    await jobs.stop(session.id, closedError(session));
    await sessions.whenUnclaimed(session.id);
    await store.discard(session);
    if (session.status === 'gone' && session.movedTo !== null) await store.letGo(session, session.movedTo);
    await sessions.markCleaned(session);
  }

  function ended(session: UploadSession): void {
    events.publish(session);
    inBackground(session.id, () => cleanOnce(session.id, () => clean(session)));
  }

  function inBackground(uploadId: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) =>
        log.warn({ uploadId, error }, 'staging was not removed; the sweep tries again'),
      )
      .finally(() => background.delete(running));
    background.add(running);
  }

  return {
    clean: (session) => cleanOnce(session.id, () => clean(session)),
    ended,
    endedSoon: (uploadId) =>
      inBackground(uploadId, async () => {
        const session = await sessions.get(uploadId);
        if (session !== null) ended(session);
      }),
    async idle() {
      await Promise.all(background);
    },
  };
}
