import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createCore } from '../../server/core.js';
import { createFiles } from '../../server/files.js';
import { resolvePolicies } from '../../server/policy.js';
import { createWorkerPool } from '../../server/pool.js';
import { memoryBody } from '../../server/receive/body/web.js';
import { nodeFileCalls } from '../../server/stores/file-calls.js';
import { createInPlaceStore } from '../../server/stores/in-place.js';
import { workerUrl } from '../../server/worker-url.js';
import { temporaryFolder } from '../support/server.js';
import { fileHash, sha256 } from '../support/wire.js';

/** A completed upload, and a disk below `dead` that answers nothing but errors once it is told to. */
async function setUp() {
  const folder = await temporaryFolder();
  const root = path.join(folder.path, 'root');
  const dead = path.join(folder.path, 'dead');
  const disk = { broken: false };
  const files = Object.fromEntries(
    Object.entries(nodeFileCalls).map(([name, call]) => [
      name,
      async (...args: unknown[]) => {
        if (disk.broken && args.some((arg) => String(arg).startsWith(dead)))
          throw Object.assign(new Error(`EIO: i/o error, ${name}`), { code: 'EIO' });
        return Reflect.apply(call as () => unknown, nodeFileCalls, args);
      },
    ]),
  ) as unknown as typeof nodeFileCalls;
  const tasks = createWorkerPool({ worker: workerUrl, threads: 2 });
  const warnings: object[] = [];
  const log = { info() {}, error() {}, warn: (details: object) => void warnings.push(details) };
  const policies = resolvePolicies({}, { maxFileSizeBytes: 1e9, maxChunks: 1000 }, 2 ** 28);
  const store = createInPlaceStore({ root, tasks, files });
  const core = createCore({ root, log }, policies, { tasks, store });
  await core.ready();
  const bytes = randomBytes(1000);
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
  return {
    ...{ folder, dead, disk, warnings, bytes, id, core, files: createFiles(core) },
    async [Symbol.asyncDispose]() {
      await core.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A move that stops when its target is known and nothing else has happened. */
async function brokenOff(test: Awaited<ReturnType<typeof setUp>>): Promise<string> {
  const target = path.join(test.dead, 'film');
  test.disk.broken = true;
  await expect(test.files.move(test.id, target)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await test.core.sessions.get(test.id)).toMatchObject({ status: 'completed', movedTo: target });
  return target;
}

it('a file whose move to a dead disk was broken off can be removed, and the operator is told', async () => {
  await using test = await setUp();
  const target = await brokenOff(test);
  expect(await test.files.remove(test.id)).toBe(true);
  expect(await test.core.sessions.get(test.id)).toMatchObject({ status: 'gone', movedTo: null });
  expect(test.warnings).toEqual([{ uploadId: test.id, target }]);
});

it('and it can be moved elsewhere', async () => {
  await using test = await setUp();
  const target = await brokenOff(test);
  const other = path.join(test.folder.path, 'other/film');
  await test.files.move(test.id, other);
  expect(readFileSync(other).equals(test.bytes)).toBe(true);
  expect(test.warnings).toEqual([{ uploadId: test.id, target }]);
});

it('nor is anything told where the disk is back by then', async () => {
  await using test = await setUp();
  const target = await brokenOff(test);
  test.disk.broken = false;
  await test.files.move(test.id, target);
  expect(readFileSync(target).equals(test.bytes)).toBe(true);
  expect(existsSync(path.join(test.folder.path, 'root/files', test.id))).toBe(false);
  expect(test.warnings).toEqual([]);
});
