import { type Clock, SERVER_DEFAULTS } from '../../contract/index.js';
import type { Logger } from '../log.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Store } from '../stores/store.js';
import type { Cleanup } from './cleanup.js';

const { sweepBatchRows } = SERVER_DEFAULTS;

export interface SweepReport {
  /** Sessions that expired now. */
  expired: number;
  /** Ended sessions whose bytes were removed from staging. */
  cleaned: number;
  /** Old rows deleted. */
  purged: number;
  /** Entries on the disk that belonged to no session, removed. */
  orphans: number;
}

/** Removes expired sessions, what ended ones left, old rows and orphaned bytes; never a completed file. */
export async function sweep(deps: {
  sessions: Sessions;
  store: Store;
  cleanup: Cleanup;
  clock: Clock;
  log: Logger;
}): Promise<SweepReport> {
  const { sessions, store, cleanup, clock, log } = deps;
  const report: SweepReport = { expired: 0, cleaned: 0, purged: 0, orphans: 0 };

  for (;;) {
    const expired = await sessions.expire(clock.now(), sweepBatchRows);
    for (const session of expired) cleanup.ended(session);
    report.expired += expired.length;
    if (expired.length < sweepBatchRows) break;
  }
  await cleanup.idle();

  // Those that fail now stay for the next sweep; they must not be met again in this one.
  const failed = new Set<string>();
  for (;;) {
    const left = (await sessions.uncleaned(sweepBatchRows + failed.size)).filter(
      (session) => !failed.has(session.id),
    );
    for (const session of left)
      await cleanup.clean(session).then(
        () => report.cleaned++,
        (error: unknown) => {
          failed.add(session.id);
          log.warn({ uploadId: session.id, error }, 'staging was not removed; the next sweep tries again');
        },
      );
    if (left.length === 0) break;
  }

  for (;;) {
    const purged = await sessions.purge(clock.now() - SERVER_DEFAULTS.endedRetentionMs, sweepBatchRows);
    report.purged += purged;
    if (purged < sweepBatchRows) break;
  }

  report.orphans = await removeOrphans(sessions, store);
  return report;
}

/** An entry is listed before its id is looked up, and a row is written before its entry: what has no row has no owner. */
async function removeOrphans(sessions: Sessions, store: Store): Promise<number> {
  let removed = 0;
  let batch: { id: string; area: 'staging' | 'files' }[] = [];
  const settle = async () => {
    const statuses = await sessions.statuses(batch.map((entry) => entry.id));
    for (const entry of batch) {
      if (statuses.has(entry.id)) continue;
      if (await store.removeOrphan(entry)) removed++;
    }
    batch = [];
  };
  for await (const entry of store.entries()) {
    batch.push(entry);
    if (batch.length === sweepBatchRows) await settle();
  }
  await settle();
  return removed;
}
