import { statSync } from 'node:fs';
import path from 'node:path';
import { UploadError } from '../../contract/index.js';
import { createCore } from '../core.js';
import { type CoreOptions, databaseOf } from '../core-options.js';
import { createWorkerPool } from '../pool.js';
import { nodeFileCalls } from '../stores/file-calls.js';
import { createInPlaceStore } from '../stores/in-place.js';
import { createLayout } from '../stores/layout.js';
import { createMultiFileStore } from '../stores/multi-file.js';
import { checkFolder } from '../stores/ready.js';
import { workerUrl } from '../worker-url.js';
import { type CheckOptions, type CheckReport, check } from './check.js';
import type { SweepReport } from './sweep.js';

/** A root that no server uses at the moment, for looking after it. Holds the root's lock until disposed. */
export interface Offline extends AsyncDisposable {
  /** Reads stored bytes again and compares them with what was recorded. */
  check(options: CheckOptions): Promise<CheckReport>;
  /** What a server does by itself once a minute. */
  sweep(): Promise<SweepReport>;
}

/**
 * Opens a root without starting a server: nothing is recovered, assembled or published.
 * @throws UploadError where it is not a server's root, a folder of it is gone, or a server is using it
 */
export async function openOffline(
  options: Pick<CoreOptions, 'root' | 'database' | 'log' | 'clock'>,
): Promise<Offline> {
  const root = path.resolve(options.root);
  const database = databaseOf(options);
  // Opening would make one, and then find nothing to look after.
  if (statSync(database, { throwIfNoEntry: false }) === undefined)
    throw new UploadError('INPUT_INVALID', {
      message: `There is no database ${database}. Name the root of a server, and its database where that lies elsewhere.`,
    });
  const layout = createLayout(root);
  // A disk that is not mounted must not look like deleted files.
  for (const folder of [layout.files, layout.staging])
    await checkFolder(nodeFileCalls, folder).catch((cause: unknown) => {
      throw new UploadError('STORE_UNAVAILABLE', {
        message: `${folder} is not there. Is the disk mounted? Nothing was looked at.`,
        cause,
      });
    });

  const tasks = createWorkerPool({ worker: workerUrl });
  // Staging holds what the store of its time wrote; published files lie alike for both.
  const stores = [createInPlaceStore({ root, tasks }), createMultiFileStore({ root, tasks })] as const;
  const core = createCore(options, new Map(), { tasks, store: stores[0] });
  try {
    await core.sessions.ready();
  } catch (error) {
    await core.close();
    throw error;
  }
  return {
    check: (given) => check({ ...core, stores, tasks }, given),
    sweep: () => core.sweep(),
    [Symbol.asyncDispose]: () => core.close(),
  };
}
