import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Clock, SERVER_DEFAULTS } from '../contract/index.js';
import type { Logger } from './log.js';
import type { Quota } from './sessions/sessions.js';
import type { Migrate } from './sessions/sqlite/files.js';
import { workerUrl } from './worker-url.js';

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
  /**
   * The file that worker threads start from, as a URL or a path: `chunkwise/worker` as a bundler has placed it. Default:
   * the package's own, also where the server is in a bundle and the package is installed beside it.
   */
  worker?: URL | string;
  /**
   * 'auto' (default): a start applies the migrations that the database needs. 'manual': it is refused until
   * `migrateUploads()` or `chunkwise migrate` has applied them.
   */
  migrate?: Migrate;
  log?: Logger;
  /** Injected by tests and simulations. */
  clock?: Clock;
  newId?: () => string;
}

/** What a server runs with: its options, and the defaults of those that were left out. */
export interface Settings {
  readonly store: 'in-place' | 'multi-file';
  readonly database: string;
  readonly durability: 'file' | 'chunk';
  readonly verify: 'restart' | 'always';
  readonly quota: Quota;
  readonly memoryBudgetBytes: number;
  readonly completionWaitMs: number;
  readonly budgetWaitMs: number;
  readonly bodyRateWindowMs: number;
  readonly hookTimeoutMs: number;
  /** Null: as many as the machine runs at once. */
  readonly workerThreads: number | null;
  readonly worker: URL;
  readonly migrate: Migrate;
}

/** @throws Error in plain words where an option is none */
export function settingsOf(options: CoreOptions): Settings {
  return {
    store: options.store ?? 'in-place',
    database: databaseOf(options),
    durability: options.durability ?? 'file',
    verify: options.verify ?? 'restart',
    quota: { maxBytes: options.quota?.maxBytes ?? null, maxUploads: options.quota?.maxUploads ?? null },
    memoryBudgetBytes: options.memoryBudgetBytes ?? SERVER_DEFAULTS.memoryBudgetBytes,
    completionWaitMs: options.completionWaitMs ?? SERVER_DEFAULTS.completionWaitMs,
    budgetWaitMs: options.budgetWaitMs ?? SERVER_DEFAULTS.budgetWaitMs,
    bodyRateWindowMs: options.bodyRateWindowMs ?? SERVER_DEFAULTS.bodyRateWindowMs,
    hookTimeoutMs: options.hookTimeoutMs ?? SERVER_DEFAULTS.hookTimeoutMs,
    workerThreads: options.workerThreads ?? null,
    worker: workerOf(options),
    migrate: migrateOf(options),
  };
}

/**
 * Options that are spelt out and mean something else than what runs, by name. What is left out asks for nothing; the
 * clock, ids and the log are the first caller's.
 */
export function differing(options: CoreOptions, running: Settings): string[] {
  const wanted = settingsOf(options);
  const names = Object.keys(wanted) as (keyof Settings)[];
  const text = (value: unknown) => JSON.stringify(value);
  return names.filter((name) => options[name] !== undefined && text(wanted[name]) !== text(running[name]));
}

/** Where the database lies. */
export function databaseOf({ root, database }: Pick<CoreOptions, 'root' | 'database'>): string {
  return path.resolve(database ?? path.join(root, 'chunkwise.db'));
}

/** The file whose lock keeps a second server away. */
export function lockFileOf({ root }: Pick<CoreOptions, 'root'>): string {
  return path.resolve(root, 'chunkwise.lock');
}

/**
 * The file that worker threads start from. Whether it is there, and is the right one, is seen when it starts.
 * @throws Error in plain words where a thread cannot start from such an address
 */
export function workerOf({ worker }: Pick<CoreOptions, 'worker'>): URL {
  if (worker === undefined) return workerUrl;
  const text = String(worker);
  // A scheme has two letters at least: `C:\\` is a path.
  const url = /^[a-z][a-z0-9+.-]+:/i.test(text) ? new URL(text) : pathToFileURL(text);
  if (url.protocol !== 'file:')
    throw new Error(`The option worker is ${text}: give the path of a file, or its file: URL.`);
  return url;
}

/** @throws Error in plain words where it is another word: a start would migrate unasked */
export function migrateOf({ migrate = 'auto' }: Pick<CoreOptions, 'migrate'>): Migrate {
  if (migrate === 'auto' || migrate === 'manual') return migrate;
  throw new Error(`The option migrate is ${String(migrate)}: give 'auto' or 'manual'.`);
}
