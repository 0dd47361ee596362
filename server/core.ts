import path from 'node:path';
import { ulid } from 'ulid';
import { type Clock, SERVER_DEFAULTS, systemClock, UploadError } from '../contract/index.js';
import type { TaskRunner } from '../workers/tasks.js';
import { type Assembler, createAssembler } from './assembly/assembler.js';
import { createHooks, type Hooks } from './assembly/hooks.js';
import { createJobs } from './assembly/jobs.js';
import { createOutbox } from './assembly/outbox.js';
import { type CoreOptions, lockFileOf, type Settings, settingsOf } from './core-options.js';
import { createEvents, type Events } from './events.js';
import { consoleLogger, createWarnOnce, type Logger } from './log.js';
import type { ResolvedPolicy } from './policy.js';
import { createWorkerPool } from './pool.js';
import { createQueues, type Queues } from './queues.js';
import { createBudget } from './receive/budget.js';
import { createInFlight } from './receive/in-flight.js';
import { createReceive, type Receive } from './receive/receive.js';
import type { Sessions } from './sessions/sessions.js';
import { createSqliteSessions } from './sessions/sqlite/index.js';
import { createStart, type Start } from './start.js';
import { createInPlaceStore } from './stores/in-place.js';
import { createMultiFileStore } from './stores/multi-file.js';
import type { Store } from './stores/store.js';
import { readBootId } from './upkeep/boot-id.js';
import { type Cleanup, createCleanup } from './upkeep/cleanup.js';
import { recover } from './upkeep/recover.js';
import { createRepair, type Repair } from './upkeep/repair.js';
import { createStagingSync } from './upkeep/staging-sync.js';
import { type SweepReport, sweep } from './upkeep/sweep.js';

/** What simulations put in the place of the real parts. */
export interface CoreParts {
  tasks: TaskRunner;
  sessions: Sessions;
  store: Store;
  bootId: () => Promise<string>;
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
  /** Moving and removing one file exclude each other, however often the server is mounted. */
  readonly fileTurns: Queues;
  readonly clock: Clock;
  readonly log: Logger;
  /** Warns the operator of what every request, or every reload, would tell again: once for each message. */
  warnOnce(details: object, message: string): void;
  readonly settings: Settings;
  readonly completionWaitMs: number;
  /** How long a refused body may go on arriving. */
  readonly drainMs: number;
  /** Opens what is needed, recovers, and starts background work. Idempotent; the first use calls it. */
  ready(): Promise<void>;
  sweep(): Promise<SweepReport>;
  /** Takes no more chunks, lets running ones end, stops background work, closes everything. Idempotent. */
  close(): Promise<void>;
}

/** Builds a server from its parts; does no I/O. */
export function createCore(
  options: CoreOptions,
  policies: Map<string, ResolvedPolicy>,
  parts: Partial<CoreParts> = {},
): Core {
  const { clock = systemClock, log = consoleLogger, newId = ulid } = options;
  const root = path.resolve(options.root);
  const settings = settingsOf(options);
  const { durability, verify, quota, worker, hookTimeoutMs, completionWaitMs } = settings;
  const writer = newId();
  const rate = {
    windowMs: settings.bodyRateWindowMs,
    minBytesPerSecond: SERVER_DEFAULTS.minBodyRateBytesPerSecond,
  };

  const pool = createWorkerPool({
    worker,
    clock,
    ...(settings.workerThreads && { threads: settings.workerThreads }),
  });
  const tasks = parts.tasks ?? pool;
  const store =
    parts.store ??
    (settings.store === 'multi-file' ? createMultiFileStore : createInPlaceStore)({ root, tasks });
  const sessions =
    parts.sessions ??
    createSqliteSessions({
      file: settings.database,
      lockFile: lockFileOf(options),
      migrate: settings.migrate,
      worker,
      clock,
      expiry: { idleMs: SERVER_DEFAULTS.idleExpiryMs, maxLifetimeMs: SERVER_DEFAULTS.maxLifetimeMs },
    });

  const events = createEvents();
  const inFlight = createInFlight();
  const jobs = createJobs();
  const budget = createBudget({
    capacityBytes: settings.memoryBudgetBytes,
    waitMs: settings.budgetWaitMs,
    clock,
  });
  const repair = createRepair({ sessions, store });
  const cleanup = createCleanup({ sessions, store, inFlight, jobs, events, log });
  const hooks = createHooks({ policies, sessions, store, clock, log, timeoutMs: hookTimeoutMs });
  const outbox = createOutbox({ sessions, hooks, events, clock, log });
  const stagingSync = createStagingSync({
    sessions,
    store,
    clock,
    log,
    intervalMs: SERVER_DEFAULTS.stagingSyncIntervalMs,
  });
  const assembler = createAssembler({
    ...{
      sessions,
      store,
      tasks,
      hooks,
      clock,
      log,
      quota,
      verify,
      writer,
      jobs,
      events,
      cleanup,
      stagingSync,
      outbox,
    },
    leaseMs: SERVER_DEFAULTS.assemblyLeaseMs,
  });
  const receive = createReceive({
    ...{ sessions, store, budget, inFlight, repair, events, cleanup, clock, rate, writer, durability },
  });
  const start = createStart({
    ...{ sessions, store, policies, hooks, repair, assembler },
    ...{ cleanup, events, quota, clock, newId, completionWaitMs },
  });

  let opening: Promise<void> | null = null;
  let closing: Promise<void> | null = null;
  let cancelSweep = () => {};
  let sweeping = Promise.resolve();

  async function open(): Promise<void> {
    await hooks.ready();
    if (tasks === pool) await pool.check();
    await store.ready();
    await sessions.ready();
    await recover({
      sessions,
      store,
      repair,
      assembler,
      outbox,
      log,
      bootId: await (parts.bootId ?? readBootId)(),
    });
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
    const cancelPatience = clock.after(SERVER_DEFAULTS.shutdownMs, () =>
      inFlight.closeAll(new UploadError('SERVER_BUSY', { message: 'The server is stopping.' })),
    );
    await inFlight.idle();
    cancelPatience();
    await Promise.all([
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
      settings,
      completionWaitMs,
    },
    warnOnce: createWarnOnce(log),
    drainMs: rate.windowMs,
    fileTurns: createQueues(),
    ready: async () => {
      if (closing !== null) throw new UploadError('SERVER_BUSY', { message: 'The server is stopping.' });
      opening ??= open().catch((error: unknown) => {
        // The next use tries again: what was in the way may be gone by then.
        opening = null;
        throw error;
      });
      await opening;
      // Of policies that were configured since.
      await hooks.ready();
    },
    sweep: () => sweep({ sessions, store, cleanup, clock, log }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
