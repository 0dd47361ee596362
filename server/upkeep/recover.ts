import { SERVER_DEFAULTS } from '../../contract/index.js';
import type { Assembler } from '../assembly/assembler.js';
import type { Outbox } from '../assembly/outbox.js';
import type { Logger } from '../log.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Store } from '../stores/store.js';
import type { Repair } from './repair.js';

const { sweepBatchRows } = SERVER_DEFAULTS;

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
  for (let after: string | null = null; ; ) {
    const page = await sessions.page('receiving', after, sweepBatchRows);
    for (const session of page) await repair.restage(session);
    after = page.at(-1)?.id ?? null;
    if (page.length < sweepBatchRows) break;
  }
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
