import type { Dirent } from 'node:fs';
import { type Clock, SERVER_DEFAULTS } from '../contract/index.js';
import { type Core, createCore } from '../server/core.js';
import { type CoreOptions, databaseOf, lockFileOf } from '../server/core-options.js';
import type { ResolvedPolicy } from '../server/policy.js';
import { createEngine } from '../server/sessions/sqlite/engine.js';
import type { OpenDatabase } from '../server/sessions/sqlite/open.js';
import { createRepository } from '../server/sessions/sqlite/repository.js';
import { type FileCalls, nodeFileCalls } from '../server/stores/file-calls.js';
import { createInPlaceStore } from '../server/stores/in-place.js';
import { createMultiFileStore } from '../server/stores/multi-file.js';
import type { Activity } from './activity.js';
import { createLife, type Life } from './life.js';
import { createInlineTasks } from './tasks.js';

export interface TestServer {
  readonly core: Core;
  /** Ends it between two of its steps; the database keeps what was committed, the disk what was written. */
  kill(): void;
}

export interface TestServerDeps {
  readonly options: CoreOptions;
  readonly policies: Map<string, ResolvedPolicy>;
  readonly clock: Clock;
  /** Reads and writes of the server. */
  readonly io: Activity;
  /** The policies' hooks. */
  readonly hooks: Activity;
}

/** A server as `createUploads` makes it, in this thread: SQLite, stores and tasks are the real ones without syncs. */
export function createTestServer({ options, policies, clock, io, hooks }: TestServerDeps): TestServer {
  const life = createLife();
  const { root } = options;
  const inline = createInlineTasks();
  const tasks = { ...inline, run: life.guard(io, inline.run) as typeof inline.run };
  const createStore = options.store === 'multi-file' ? createMultiFileStore : createInPlaceStore;
  const engine = createEngine({
    file: databaseOf(options),
    lockFile: lockFileOf(options),
    unsynced: true,
  });
  let database: OpenDatabase | null = null;
  const sessions = createRepository(
    {
      open: life.guard(io, async () => {
        const answer = await engine.open();
        if ('result' in answer) database = await engine.database();
        return answer;
      }),
      run: life.guard(io, engine.run),
      close: life.guard(io, async () => {
        database = null;
        await engine.close();
      }),
    },
    { idleMs: SERVER_DEFAULTS.idleExpiryMs, maxLifetimeMs: SERVER_DEFAULTS.maxLifetimeMs },
  );
  const ownClock = life.clock(clock);
  const timeoutMs = options.hookTimeoutMs ?? SERVER_DEFAULTS.hookTimeoutMs;
  const core = createCore(
    // Staging then needs no sync every few seconds: the tasks leave out each one anyway.
    { ...options, clock: ownClock, durability: 'chunk' },
    withHooks(policies, life, { hooks, clock: ownClock, timeoutMs }),
    {
      tasks,
      sessions,
      store: createStore({ root, tasks, files: guardedFiles(life, io) }),
      // Every start is one after a crash of the process, never of the machine.
      bootId: async () => 'testing',
    },
  );
  return {
    core,
    kill() {
      life.end();
      database?.close();
      database = null;
    },
  };
}

function guardedFiles(life: Life, io: Activity): FileCalls {
  const guarded = Object.entries(nodeFileCalls).map(([name, call]) => [
    name,
    typeof call === 'function' ? life.guard(io, call as (...args: unknown[]) => unknown) : call,
  ]);
  return { ...(Object.fromEntries(guarded) as FileCalls), opendir: life.guard(io, wholeFolder) };
}

/** Read at once: the reads of an iteration are calls that nobody counts. */
async function wholeFolder(...args: Parameters<FileCalls['opendir']>) {
  const folder = await nodeFileCalls.opendir(...args);
  const entries: Dirent[] = [];
  for await (const entry of folder) entries.push(entry);
  return Object.assign(folder, {
    async *[Symbol.asyncIterator]() {
      yield* entries;
    },
  });
}

/** A hook is at work until it answers, or until its time is up: the server does not wait for it any longer. */
function withHooks(
  policies: Map<string, ResolvedPolicy>,
  life: Life,
  { hooks, clock, timeoutMs }: { hooks: Activity; clock: Clock; timeoutMs: number },
) {
  const counted = <Args extends unknown[], Result>(hook: (...args: Args) => Result | Promise<Result>) =>
    life.guard(
      hooks,
      (...args: Args) =>
        new Promise<Result>((resolve, reject) => {
          const cancel = clock.after(timeoutMs, () => reject(new Error('the hook takes too long')));
          new Promise<Result>((answer) => answer(hook(...args))).then(resolve, reject).finally(cancel);
        }),
    );
  const all = [...policies].map(([name, policy]) => {
    const { authorize, beforePublish, completed } = policy.hooks;
    const own = {
      ...policy.hooks,
      ...(authorize && { authorize: counted(authorize) }),
      ...(beforePublish && { beforePublish: counted(beforePublish) }),
      ...(completed && { completed: counted(completed) }),
    };
    return [name, { ...policy, hooks: own }] as const;
  });
  return new Map(all);
}
