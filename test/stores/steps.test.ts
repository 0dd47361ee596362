import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkerPool } from '../../server/pool.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { carry, filesBelow, readPublished } from '../support/carry.js';
import { DISK_KINDS } from '../support/disk-kinds.js';
import { createFaultySteps } from '../support/faulty-steps.js';
import { createFaultyStore } from '../support/faulty-store.js';
import { idOf, type Sample, sample, temporaryFolder } from '../support/stores.js';

let tasks: TaskRunner;
beforeAll(() => {
  tasks = createWorkerPool({ worker: workerUrl });
});
afterAll(() => tasks[Symbol.asyncDispose]());

/** Whatever happened: under `files/` lie whole files, or none. */
function expectOnlyWholeFiles(root: string, file: Sample): void {
  for (const found of filesBelow(root, 'files'))
    expect(readPublished(root, path.join('files', found))).toEqual(file.bytes);
}

for (const [kind, { make }] of Object.entries(DISK_KINDS))
  describe(kind, () => {
    for (const size of [0, 40])
      it(`goes on after a process that stopped before any step (${size} bytes)`, async () => {
        let sawWholeRun = false;
        for (let stopAt = 1; !sawWholeRun; stopAt++) {
          await using folder = await temporaryFolder();
          const root = path.join(folder.path, 'root');
          const file = sample({ size });
          const steps = createFaultySteps(tasks, ({ step }) => (step === stopAt ? 'stop' : null));
          sawWholeRun = await carry(make({ root, ...steps }), file).then(
            () => true,
            () => false,
          );
          expect(sawWholeRun).toBe(steps.steps < stopAt);
          expectOnlyWholeFiles(root, file);

          const published = await carry(make({ root, tasks }), file);
          expect(readPublished(root, published)).toEqual(file.bytes);
          expect(filesBelow(root, 'files')).toHaveLength(1);
          expect(filesBelow(root, 'staging')).toEqual([]);
        }
      });

    it('goes on after a process that stopped before any step of a copy', async () => {
      let sawWholeRun = false;
      for (let stopAt = 1; !sawWholeRun; stopAt++) {
        await using folder = await temporaryFolder();
        const root = path.join(folder.path, 'root');
        const [from, to] = [sample(), sample({ id: idOf(2) })];
        await carry(make({ root, tasks }), from);
        const copy = async (options: Parameters<typeof make>[0]) => {
          const store = make(options);
          if ((await store.published(to.upload)) === null) {
            expect(await store.copy(from.upload, to.upload)).toBe(true);
            expect(await store.stage(to.upload, to.chunks, new Set(to.chunks.keys()))).toEqual([]);
            await store.syncStaged(to.upload);
          }
          await store.publish(to.upload);
          await store.discard(to.upload);
        };
        const steps = createFaultySteps(tasks, ({ step }) => (step === stopAt ? 'stop' : null));
        sawWholeRun = await copy({ root, ...steps }).then(
          () => true,
          () => false,
        );
        expectOnlyWholeFiles(root, to);
        await copy({ root, tasks });
        expectOnlyWholeFiles(root, to);
        expect(filesBelow(root, 'files')).toHaveLength(2);
        expect(filesBelow(root, 'staging')).toEqual([]);
      }
    });

    const answers = {
      ENOSPC: 'STORAGE_FULL',
      EDQUOT: 'STORAGE_FULL',
      EIO: 'STORE_UNAVAILABLE',
      EMFILE: 'SERVER_BUSY',
    };
    for (const [code, answer] of Object.entries(answers))
      it(`answers ${answer} for ${code} at any step, and goes on once it has passed`, async () => {
        for (let failAt = 1; ; failAt++) {
          await using folder = await temporaryFolder();
          const root = path.join(folder.path, 'root');
          const file = sample();
          const steps = createFaultySteps(tasks, ({ step }) => (step === failAt ? { code } : null));
          const store = make({ root, ...steps });
          const failure: unknown = await carry(store, file).then(
            () => null,
            (error: unknown) => error,
          );
          const sawWholeRun = steps.steps < failAt;
          if (sawWholeRun) return expect(failure).toBeNull();
          expect(failure).toMatchObject({ name: 'UploadError', code: answer, retryable: true });
          expectOnlyWholeFiles(root, file);
          expect(readPublished(root, await carry(store, file))).toEqual(file.bytes);
          expect(filesBelow(root, 'staging')).toEqual([]);
        }
      });

    it('goes on after a process that stopped before or after any call of the store', async () => {
      for (const when of ['stop', 'after'] as const) {
        let sawWholeRun = false;
        for (let failAt = 1; !sawWholeRun; failAt++) {
          await using folder = await temporaryFolder();
          const root = path.join(folder.path, 'root');
          const file = sample();
          const faulty = createFaultyStore(make({ root, tasks }), ({ step }) =>
            step !== failAt
              ? null
              : when === 'stop'
                ? { kind: 'stop' }
                : { kind: 'after', code: 'STORE_UNAVAILABLE' },
          );
          sawWholeRun = await carry(faulty, file).then(
            () => true,
            () => false,
          );
          expect(sawWholeRun).toBe(faulty.steps < failAt);
          expectOnlyWholeFiles(root, file);
          expect(readPublished(root, await carry(make({ root, tasks }), file))).toEqual(file.bytes);
        }
      }
    });

    it('catches a bit that flips on the way of any chunk to the store', async () => {
      for (let call = 1; call <= 6; call++) {
        await using folder = await temporaryFolder();
        const file = sample();
        const store = createFaultyStore(make({ root: folder.path, tasks }), (at) =>
          at.method === 'write' && at.call === call ? { kind: 'corrupt' } : null,
        );
        await expect(carry(store, file)).rejects.toThrow('mismatch');
        expect(await store.verify(file.upload, file.chunks)).toEqual([call - 1]);
        expect(readPublished(folder.path, await carry(store, file))).toEqual(file.bytes);
      }
    });

    it('syncs names after it moved a file, also where an earlier publish stopped in between', async () => {
      await using folder = await temporaryFolder();
      const file = sample();
      let stopAtSync = true;
      const broken = createFaultySteps(tasks, ({ name }) =>
        stopAtSync && name === 'syncFolder' && broken.names.includes('rename') ? 'stop' : null,
      );
      await expect(carry(make({ root: folder.path, ...broken }), file)).rejects.toThrow();
      expect(broken.names.slice(-2)).toEqual(['rename', 'syncFolder']);

      stopAtSync = false;
      const steps = createFaultySteps(tasks, () => null);
      await make({ root: folder.path, ...steps }).publish(file.upload);
      expect(steps.names).not.toContain('rename');
      expect(steps.names.slice(-3)).toEqual(['syncFolder', 'syncFolder', 'syncFolder']);
    });

    it('rejects a sync that failed, and syncs everything again when it is asked the next time', async () => {
      await using folder = await temporaryFolder();
      const file = sample();
      const failing = new Set<number>();
      const steps = createFaultySteps(tasks, ({ step, name }) =>
        name === 'syncFile' && failing.delete(0) ? { code: 'EIO' } : step < 0 ? 'stop' : null,
      );
      const store = make({ root: folder.path, ...steps });
      await store.ready();
      await store.create(file.upload);
      for (const index of [0, 1, 2])
        await store.write(file.upload, file.chunks[index]!, file.body(index), { sync: false });
      await store.sync(file.upload);
      const synced = () => steps.names.filter((name) => name === 'syncFile').length;
      const first = synced();
      await store.write(file.upload, file.chunks[3]!, file.body(3), { sync: false });
      failing.add(0);
      await expect(store.sync(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      const second = synced();
      await store.sync(file.upload);
      const third = synced();
      // One staging file, or one file for each chunk of which only the new one was due.
      expect([first, second - first, third - second]).toEqual(kind === 'in-place' ? [1, 1, 1] : [3, 1, 4]);

      failing.add(0);
      await expect(store.syncStaged(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
