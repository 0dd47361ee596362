import fs from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { resolvePolicies } from '../../server/policy.js';
import { createWorkerPool } from '../../server/pool.js';
import { createInPlaceStore } from '../../server/stores/in-place.js';
import type { Store } from '../../server/stores/store.js';
import { workerUrl } from '../../server/worker-url.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile } from '../support/wire.js';

const CHUNK = 256 * KiB;
const silent = { info() {}, warn() {}, error() {} };

it.each(['exists', 'create'] as const)(
  'an abort while `init` joins, before `%s`: a new session, and no entry of the old one stays',
  async (method) => {
    await using folder = await temporaryFolder();
    const tasks = createWorkerPool({ worker: workerUrl });
    const inner = createInPlaceStore({ root: folder.path, tasks });
    let meanwhile = async () => {};
    const before =
      <Result>(run: (upload: Parameters<Store['create']>[0]) => Promise<Result>) =>
      async (upload: Parameters<Store['create']>[0]) => {
        const due = meanwhile;
        meanwhile = async () => {};
        await due();
        return run(upload);
      };
    const store = { ...inner, [method]: before<unknown>(inner[method]) } as Store;
    const policies = resolvePolicies(
      { default: { threshold: CHUNK, chunkSize: CHUNK } },
      { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 },
      SERVER_DEFAULTS.memoryBudgetBytes,
    );
    const core = createCore({ root: folder.path, log: silent }, policies, { tasks, store });
    await core.ready();
    const file = randomFile(2 * CHUNK, CHUNK);
    const old = await core.start('ann', file.input());
    const entry = path.join(folder.path, 'staging', old.id);
    if (method === 'create') await fs.rm(entry);
    meanwhile = async () => {
      const aborted = await core.sessions.abort('ann', old.id, Date.now());
      if (aborted !== null) core.cleanup.ended(aborted.session);
      await core.cleanup.idle();
    };
    const joined = await core.start('ann', file.input());
    expect(joined.status).toBe('receiving');
    expect(joined.id).not.toBe(old.id);
    await core.sweep();
    expect(await fs.readdir(path.join(folder.path, 'staging'))).toEqual([joined.id]);
    await core.close();
  },
);
