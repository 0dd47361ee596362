import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../contract/index.js';
import { createWorkerPool } from '../../server/pool.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { carry, filesBelow, readPublished, writeAll } from '../support/carry.js';
import { DISK_KINDS } from '../support/disk-kinds.js';
import { idOf, sample, sha256, temporaryFolder } from '../support/stores.js';
import { mountTmpfs } from '../support/tmpfs.js';

let tasks: TaskRunner;
beforeAll(() => {
  tasks = createWorkerPool({ worker: workerUrl });
});
afterAll(() => tasks[Symbol.asyncDispose]());

/** Real file systems that are really full. Where none can be mounted, `steps.test.ts` injects the same errors. */
for (const [kind, { make }] of Object.entries(DISK_KINDS))
  describe(`${kind} on a full disk`, () => {
    it('answers STORAGE_FULL in the middle of a chunk, keeps the others, and goes on with room', async (ctx) => {
      await using folder = await temporaryFolder();
      const root = path.join(folder.path, 'root');
      const mounted = mountTmpfs(root, 'size=8m');
      if ('reason' in mounted) return ctx.skip(mounted.reason);
      using _mounted = mounted;
      const file = sample({ size: 3 * MiB, chunkSize: MiB });
      const store = make({ root, tasks });
      await store.ready();
      const ballast = path.join(root, 'ballast');
      writeFileSync(ballast, new Uint8Array(8 * MiB - 1.5 * MiB));
      await store.create(file.upload);
      await writeAll(store, file, [0]);
      await expect(
        store.write(file.upload, file.chunks[1]!, file.body(1), { sync: true }),
      ).rejects.toMatchObject({ code: 'STORAGE_FULL', retryable: true });
      expect(await store.verify(file.upload, file.chunks)).toEqual([1, 2]);
      if (kind === 'multi-file') expect(filesBelow(root, 'staging')).toHaveLength(1);
      rmSync(ballast);
      expect(sha256(readPublished(root, await carry(store, file)))).toBe(sha256(file.bytes));
    });

    it('answers STORAGE_FULL where assembly or a copy finds no room, and gives the room back', async (ctx) => {
      await using folder = await temporaryFolder();
      const root = path.join(folder.path, 'root');
      const mounted = mountTmpfs(root, 'size=8m');
      if ('reason' in mounted) return ctx.skip(mounted.reason);
      using _mounted = mounted;
      const store = make({ root, tasks });
      const file = sample({ size: 2 * MiB, chunkSize: 512 * KiB });
      const copy = sample({ size: 2 * MiB, chunkSize: 512 * KiB, id: idOf(2) });
      await carry(store, file);
      const ballast = path.join(root, 'ballast');
      writeFileSync(ballast, new Uint8Array(5 * MiB));
      const before = await store.freeBytes();
      await expect(store.copy(file.upload, copy.upload)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      await store.discard(copy.upload);
      expect(await store.freeBytes()).toBe(before);
      rmSync(ballast);

      await store.create(copy.upload);
      await writeAll(store, copy);
      writeFileSync(ballast, new Uint8Array(3.5 * MiB));
      const left = await store.freeBytes();
      const staging = store.stage(copy.upload, copy.chunks, new Set());
      if (kind === 'in-place') expect(await staging).toEqual([]);
      else await expect(staging).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      expect(await store.freeBytes()).toBe(left);
      rmSync(ballast);
      expect(sha256(readPublished(root, await carry(store, copy)))).toBe(sha256(copy.bytes));
    });

    it('answers STORAGE_FULL where there are no inodes left', async (ctx) => {
      await using folder = await temporaryFolder();
      const root = path.join(folder.path, 'root');
      const mounted = mountTmpfs(root, 'size=8m,nr_inodes=8');
      if ('reason' in mounted) return ctx.skip(mounted.reason);
      using _mounted = mounted;
      const store = make({ root, tasks });
      await store.ready();
      const taken: string[] = [];
      for (let number = 0; number < 5; number++) {
        taken.push(path.join(root, `taken-${number}`));
        mkdirSync(taken[number]!);
      }
      const file = sample();
      await expect(store.create(file.upload)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      rmSync(taken[0]!, { recursive: true });
      if (kind === 'multi-file') {
        await store.create(file.upload);
        await expect(
          store.write(file.upload, file.chunks[0]!, file.body(0), { sync: false }),
        ).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      }
      expect(await store.published(file.upload)).toBeNull();
    });

    it('refuses a root whose folders are on two file systems', async (ctx) => {
      await using folder = await temporaryFolder();
      const root = path.join(folder.path, 'root');
      const mounted = mountTmpfs(path.join(root, 'files'), 'size=1m');
      if ('reason' in mounted) return ctx.skip(mounted.reason);
      using _mounted = mounted;
      await expect(make({ root, tasks }).ready()).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        cause: { message: expect.stringContaining('are on different file systems') },
      });
    });
  });
