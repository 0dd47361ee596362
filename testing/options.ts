import type { Policies } from '../server/policy.js';
import type { NoPoliciesInferred, UploadsOptions } from '../server/uploads.js';

/** What a test decides by itself. */
const TAKEN: Readonly<Record<string, string>> = {
  root: 'a test has a temporary folder of its own, `test.root`',
  database: 'the database lies in `test.root`',
  migrate: 'the database is a new one each time',
  durability: 'nothing is synced in a test, so that it is fast',
  worker: 'no worker threads start in a test',
  workerThreads: 'no worker threads start in a test',
};

type Taken = 'root' | 'database' | 'migrate' | 'durability' | 'worker' | 'workerThreads' | 'clock' | 'owner';

export interface TestUploadsOptions<Context, Configured extends Policies = NoPoliciesInferred>
  extends Omit<UploadsOptions<Context, Configured>, Taken> {
  /** As for `createUploads`, for routers that mount `test.uploads`. Default 'shared'. */
  owner?: UploadsOptions<Context, Configured>['owner'];
  /**
   * 'auto' (default): when nothing is at work and an upload waits, time jumps to the moment that it waits for.
   * 'manual': only `test.clock.advance` moves time.
   */
  clock?: 'auto' | 'manual';
  /** What the clock says at first. Default 2026-01-01, 0:00 UTC. */
  startAt?: Date;
}

/** @throws Error in plain words, for options that a test does not have, or that make no sense */
export function checkOptions(options: object): void {
  for (const [name, reason] of Object.entries(TAKEN))
    if (name in options) throw new Error(`createTestUploads has no option "${name}": ${reason}.`);
  const { clock, startAt } = options as { clock?: unknown; startAt?: unknown };
  if (clock !== undefined && clock !== 'auto' && clock !== 'manual')
    throw new Error("The option \"clock\" is 'auto' or 'manual'; the clock itself is `test.clock`.");
  if (startAt !== undefined && !(startAt instanceof Date && !Number.isNaN(startAt.getTime())))
    throw new Error('The option "startAt" is a Date.');
}
