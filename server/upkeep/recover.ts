import type { Assembler } from '../assembly/assembler.js';
import type { Outbox } from '../assembly/outbox.js';
import type { Logger } from '../log.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Store } from '../stores/store.js';
import { inPages } from './pages.js';
import type { Repair } from './repair.js';

/**
 * After a start: ends what dead processes held, finds out which bytes a power cut may have taken, and lets assemblies
 * and hooks go on. Stopping it at any point and starting again does no harm.
 */
export async function recover(deps: {
  sessions: Sessions;
  store: Store;
  repair: Repair;
  assembler: Assembler;
  outbox: Outbox;
  log: Logger;
  bootId: string;
}): Promise<void> {
  const { sessions, repair, assembler, outbox, log } = deps;
  await sessions.releaseDeadHolders();
  const { changed } = await sessions.markBoot(deps.bootId);
  const receiving = inPages((after, limit) => sessions.page('receiving', after, limit));
  for await (const session of receiving) await repair.restage(session);
  if (changed) settleInBackground();
  assembler.kick();
  outbox.kick();

  /** Requests for a suspect upload settle it themselves; this spares them the wait. */
  function settleInBackground(): void {
    void (async () => {
      for (const id of await sessions.suspectUploads()) {
        const session = await sessions.get(id);
        if (session !== null) await repair.settle(session);
      }
    })().catch((error: unknown) =>
      log.warn({ error }, 'suspect chunks were not checked yet; requests will check them'),
    );
  }
}
