import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type Core, createCore } from '../../server/core.js';
import { resolvePolicies } from '../../server/policy.js';
import { createWorkerPool } from '../../server/pool.js';
import { memoryBody } from '../../server/receive/body/web.js';
import { nodeFileCalls } from '../../server/stores/file-calls.js';
import { createInPlaceStore } from '../../server/stores/in-place.js';
import { createUploads, createUploadsOn } from '../../server/uploads.js';
import { workerUrl } from '../../server/worker-url.js';
import { startApp, until } from '../support/served-file.js';
import { temporaryFolder } from '../support/server.js';
import { fileHash, sha256 } from '../support/wire.js';

const log = { info() {}, warn() {}, error() {} };

async function uploadTo(core: Core, bytes: Uint8Array): Promise<string> {
  await core.ready();
  const size = bytes.byteLength;
  const { id } = await core.start('ann', {
    name: 'film',
    size,
    chunkSize: size,
    hash: fileHash(bytes, size),
  });
  const fields = { uploadId: id, index: 0, offset: 0, size, total: 1, hash: sha256(bytes) };
  await core.receive('ann', fields, memoryBody(bytes), new AbortController().signal);
  core.assembler.kick(id);
  expect(await core.assembler.outcome(id, 10_000)).toMatchObject({ status: 'completed' });
  return id;
}

it('a file that one mount moves is not lost to another that removes it', async () => {
  await using folder = await temporaryFolder();
  const root = path.join(folder.path, 'root');
  const to = path.join(folder.path, 'app/film');
  const gate = { recording: false, undoing: false, recorded: false, moved: false };
  const tasks = createWorkerPool({ worker: workerUrl });
  const files = {
    ...nodeFileCalls,
    async unlink(file: string) {
      if (file === to) {
        gate.undoing = true;
        await until(() => gate.moved);
      }
      await nodeFileCalls.unlink(file);
    },
  } as typeof nodeFileCalls;
  const policies = resolvePolicies({}, { maxFileSizeBytes: 1e9, maxChunks: 1000 }, 2 ** 28);
  const core = createCore({ root, log }, policies, {
    tasks,
    store: createInPlaceStore({ root, tasks, files }),
  });
  const mounted = (as: Core) =>
    createUploadsOn({ root, owner: 'shared', log }, () => ({ core: as, leave: () => core.close() })).files;
  const one = mounted({
    ...core,
    sessions: {
      ...core.sessions,
      async markMoved(...args) {
        gate.recording = true;
        await until(() => gate.recorded);
        return core.sessions.markMoved(...args);
      },
    },
  });
  const other = mounted(core);
  try {
    const bytes = randomBytes(1000);
    const id = await uploadTo(core, bytes);
    const moving = one.move(id, to).finally(() => {
      gate.moved = true;
    });
    await until(() => gate.recording);
    const removing = other.remove(id);
    // It comes as far as it can: to the name that it would take back, or nowhere.
    let turns = 0;
    await until(() => gate.undoing || turns++ > 2000);
    gate.recorded = true;
    await moving;
    expect(await removing).toBe(false);
    expect(readFileSync(to).equals(bytes)).toBe(true);
  } finally {
    await core.close();
  }
});

it('a file that two mounts move at the same time is at one place', async () => {
  await using app = await startApp();
  // As a framework does that loads the same module for two of its routes.
  await using other = createUploads({ root: app.folder.path, owner: 'shared', log });
  const place = `${app.folder.path}-app`;
  try {
    for (let round = 0; round < 20; round++) {
      const bytes = randomBytes(1000);
      const id = await app.upload(bytes, { name: `${round}` });
      const targets = [`${place}/${round}.one`, `${place}/${round}.two`];
      const mounts = [app.files, other.files];
      const outcomes = await Promise.allSettled(
        [0, 1, 0, 1].map((which) => mounts[which]?.move(id, targets[which] ?? '')),
      );
      expect(targets.map((target) => existsSync(target))).toEqual([true, false]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
      ]);
    }
  } finally {
    await fs.rm(place, { recursive: true, force: true });
  }
});
