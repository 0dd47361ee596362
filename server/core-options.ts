import path from 'node:path';
import type { Clock } from '../contract/index.js';
import type { Logger } from './log.js';
import type { Quota } from './sessions/sessions.js';

/** What can be set of a server, besides policies and ownership. Times in milliseconds, sizes in bytes. */
export interface CoreOptions {
  /** Folder that holds everything; made if missing. One server at a time. */
  root: string;
  /** Where chunks lie until they are assembled. Default 'in-place'. */
  store?: 'in-place' | 'multi-file';
  /** The database file. Default `<root>/chunkwise.db`. */
  database?: string;
  /**
   * 'chunk': a chunk's bytes are on the disk before it is acknowledged. 'file' (default): before the file is
   * published; staging is synced every 5 s besides, so that a power cut costs a re-send of little.
   */
  durability?: 'file' | 'chunk';
  /** Read again before publishing: 'restart' (default) what this process did not itself hash and write, 'always' all. */
  verify?: 'restart' | 'always';
  /** Per owner, over unfinished and completed uploads. Default: none. */
  quota?: Partial<Quota>;
  /** Bytes of chunk bodies in memory at one time. Default 256 MiB. */
  memoryBudgetBytes?: number;
  /** How long the completing answer waits for the final path. Default 10 s. */
  completionWaitMs?: number;
  /** How long a request waits for the memory budget. Default 10 s. */
  budgetWaitMs?: number;
  /** A chunk's body must average 16 KiB/s over any window of this length. Default 30 s. */
  bodyRateWindowMs?: number;
  /** One try of a hook. Default 30 s. */
  hookTimeoutMs?: number;
  /** Worker threads that hash and write. Default: as many as processors, from 2 to 8. */
  workerThreads?: number;
  /** The worker's entry, for bundlers that move files. Default: found beside this module. */
  worker?: URL;
  log?: Logger;
  /** Injected by tests and simulations. */
  clock?: Clock;
  newId?: () => string;
}

/** Where the database lies. */
export function databaseOf({ root, database }: Pick<CoreOptions, 'root' | 'database'>): string {
  return path.resolve(database ?? path.join(root, 'chunkwise.db'));
}
