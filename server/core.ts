import path from 'node:path';
import { ulid } from 'ulid';
import { type Clock, SERVER_DEFAULTS, systemClock, UploadError } from '../contract/index.js';
import type { TaskRunner } from '../workers/tasks.js';
import { type Assembler, createAssembler } from './assembler.js';
import { readBootId } from './boot-id.js';
import { createBudget } from './budget.js';
import { type Cleanup, createCleanup } from './cleanup.js';
import { createEvents, type Events } from './events.js';
import { createHooks, type Hooks } from './hooks.js';
import { createInFlight } from './in-flight.js';
import { createJobs } from './jobs.js';
import { consoleLogger, type Logger } from './log.js';
import { createOutbox } from './outbox.js';
import type { ResolvedPolicy } from './policy.js';
import { createWorkerPool } from './pool.js';
import { createReceive, type Receive } from './receive.js';
import { recover } from './recover.js';
import { createRepair, type Repair } from './repair.js';
import type { Quota, Sessions } from './sessions/sessions.js';
import { createSqliteSessions } from './sessions/sqlite/index.js';
import { createStagingSync } from './staging-sync.js';
import { createStart, type Start } from './start.js';
import { createInPlaceStore } from './stores/in-place.js';
import { createMultiFileStore } from './stores/multi-file.js';
import type { Store } from './stores/store.js';
import { type SweepReport, sweep } from './sweep.js';
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
  /** Worker threads that hash and write. Default: as many as processors. */
  workerThreads?: number;
  /** The worker's entry, for bundlers that move files. Default: found beside this module. */
  worker?: URL;
  log?: Logger;
  /** Injected by tests and simulations. */
  clock?: Clock;
  newId?: () => string;
}

/** One running server: everything but tRPC. */
export interface Core {
  readonly sessions: Sessions;
  readonly store: Store;
  readonly events: Events;
  readonly hooks: Hooks;
  readonly repair: Repair;
  readonly assembler: Assembler;
  readonly cleanup: Cleanup;
  readonly receive: Receive;
  readonly start: Start;
  readonly policies: Map<string, ResolvedPolicy>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly completionWaitMs: number;
  /** How long a refused body may go on arriving. */
  readonly drainMs: number;
  /** Opens what is needed, recovers, and starts background work. Idempotent; the first use calls it. */
  ready(): Promise<void>;
  sweep(): Promise<SweepReport>;
  /** Takes no more chunks, lets running ones end, stops background work, closes everything. Idempotent. */
  close(): Promise<void>;
}

export function databaseOf({ root, database }: Pick<CoreOptions, 'root' | 'database'>): string {
  return path.resolve(database ?? path.join(root, 'chunkwise.db'));
}

/** Builds a server from its parts; does no I/O. */
export function createCore(
  options: CoreOptions,
  policies: Map<string, ResolvedPolicy>,
  parts: Partial<{ tasks: TaskRunner; sessions: Sessions; store: Store }> = {},
): Core {
  const { clock = systemClock, log = consoleLogger, newId = ulid, durability = 'file' } = options;
  const root = path.resolve(options.root);
  const worker = options.worker ?? workerUrl;
  const writer = newId();
  const quota: Quota = {
    maxBytes: options.quota?.maxBytes ?? null,
    maxUploads: options.quota?.maxUploads ?? null,
  };
  const hookTimeoutMs = options.hookTimeoutMs ?? SERVER_DEFAULTS.hookTimeoutMs;
  const completionWaitMs = options.completionWaitMs ?? SERVER_DEFAULTS.completionWaitMs;
  const rate = {
    windowMs: options.bodyRateWindowMs ?? SERVER_DEFAULTS.bodyRateWindowMs,
    minBytesPerSecond: SERVER_DEFAULTS.minBodyRateBytesPerSecond,
  };

  const tasks =
    parts.tasks ??
    createWorkerPool({ worker, ...(options.workerThreads && { threads: options.workerThreads }) });
  const store =
    parts.store ??
    (options.store === 'multi-file' ? createMultiFileStore : createInPlaceStore)({ root, tasks });
  const sessions =
    parts.sessions ??
    createSqliteSessions({
      file: databaseOf(options),
      lockFile: path.join(root, 'chunkwise.lock'),
      worker,
      expiry: { idleMs: SERVER_DEFAULTS.idleExpiryMs, maxLifetimeMs: SERVER_DEFAULTS.maxLifetimeMs },
    });

  const events = createEvents();
  const inFlight = createInFlight();
  const jobs = createJobs();
  const budget = createBudget({
    capacityBytes: options.memoryBudgetBytes ?? SERVER_DEFAULTS.memoryBudgetBytes,
    waitMs: options.budgetWaitMs ?? SERVER_DEFAULTS.budgetWaitMs,
    clock,
  });
  const repair = createRepair({ sessions, store });
  const cleanup = createCleanup({ sessions, store, inFlight, jobs, events, log });
  const hooks = createHooks({ policies, sessions, store, clock, log, timeoutMs: hookTimeoutMs });
  const outbox = createOutbox({ sessions, hooks, events, clock, log });
  const verify = options.verify ?? 'restart';
  const assembler = createAssembler({
    ...{ sessions, store, tasks, hooks, clock, log, quota, verify, writer, jobs, events, cleanup, outbox },
    leaseMs: SERVER_DEFAULTS.assemblyLeaseMs,
  });
  const receive = createReceive({
    ...{ sessions, store, budget, inFlight, repair, events, cleanup, clock, rate, writer, durability },
  });
  const start = createStart({
    ...{
      sessions,
      store,
      policies,
      hooks,
      repair,
      assembler,
      cleanup,
      quota,
      clock,
      newId,
      completionWaitMs,
    },
  });
  const stagingSync = createStagingSync({
    sessions,
    store,
    clock,
    log,
    intervalMs: SERVER_DEFAULTS.stagingSyncIntervalMs,
  });

  let opening: Promise<void> | null = null;
  let closing: Promise<void> | null = null;
  let cancelSweep = () => {};
  let sweeping = Promise.resolve();

  async function open(): Promise<void> {
    await store.ready();
    await sessions.ready();
    await recover({ sessions, store, repair, assembler, outbox, log, bootId: await readBootId() });
    if (durability === 'file') stagingSync.start();
    sweepLater();
  }

  function sweepLater(): void {
    if (closing !== null) return;
    cancelSweep = clock.after(SERVER_DEFAULTS.sweepIntervalMs, () => {
      assembler.kick();
      outbox.kick();
      sweeping = sweep({ sessions, store, cleanup, clock, log })
        .then(
          () => {},
          (error: unknown) => log.error({ error }, 'the sweep failed; the next one tries again'),
        )
        .finally(sweepLater);
    });
  }

  async function close(): Promise<void> {
    // Whatever opens must have opened before it can be closed.
    await opening?.catch(() => {});
    cancelSweep();
    await Promise.all([
      inFlight.idle(),
      stagingSync.stop(),
      outbox.stop(),
      assembler.stop(new Error('the server is stopping')),
    ]);
    await sweeping;
    await cleanup.idle();
    await sessions[Symbol.asyncDispose]();
    await tasks[Symbol.asyncDispose]();
  }

  return {
    ...{
      sessions,
      store,
      events,
      hooks,
      repair,
      assembler,
      cleanup,
      receive,
      start,
      policies,
      clock,
      log,
      completionWaitMs,
    },
    drainMs: rate.windowMs,
    ready: async () => {
      if (closing !== null) throw new UploadError('SERVER_BUSY', { message: 'The server is stopping.' });
      opening ??= open().catch((error: unknown) => {
        // The next use tries again: what was in the way may be gone by then.
        opening = null;
        throw error;
      });
      await opening;
    },
    sweep: () => sweep({ sessions, store, cleanup, clock, log }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
