import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkerPool } from '../../server/pool.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { carry, filesBelow, readPublished, writeAll } from '../support/carry.js';
import { DISK_KINDS } from '../support/disk-kinds.js';
import { idOf, sample, temporaryFolder } from '../support/stores.js';

let tasks: TaskRunner;
beforeAll(() => {
  tasks = createWorkerPool({ worker: workerUrl });
});
afterAll(() => tasks[Symbol.asyncDispose]());

for (const [kind, { make, place }] of Object.entries(DISK_KINDS))
  describe(`${kind}, on a disk that others meddle with`, () => {
    /** A ready store with one staged upload, and a file and a folder elsewhere that must stay as they are. */
    async function ready() {
      const folder = await temporaryFolder();
      const root = path.join(folder.path, 'root');
      const outside = path.join(folder.path, 'outside');
      mkdirSync(outside);
      writeFileSync(path.join(outside, 'secret'), 'secret');
      const store = make({ root, tasks });
      await store.ready();
      const file = sample();
      const entry = path.join(root, 'staging', file.upload.id);
      const expectUntouched = () => {
        expect(readdirSync(outside)).toEqual(['secret']);
        expect(readFileSync(path.join(outside, 'secret'), 'utf8')).toBe('secret');
      };
      return { root, outside, store, file, entry, expectUntouched, ...folder };
    }

    for (const target of ['file', 'folder'] as const)
      it(`never follows a link to a ${target} in place of the staging entry`, async () => {
        await using context = await ready();
        const { root, outside, store, file, entry, expectUntouched } = context;
        const plant = () => symlinkSync(target === 'file' ? path.join(outside, 'secret') : outside, entry);
        plant();
        expect(await store.exists(file.upload)).toBe(false);
        for (const sync of [false, true])
          await expect(
            store.write(file.upload, file.chunks[0]!, file.body(0), { sync }),
          ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        await expect(store.sync(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        expect(await store.verify(file.upload, file.chunks)).toEqual([...file.chunks.keys()]);
        expect(await store.stage(file.upload, file.chunks, new Set())).toEqual([...file.chunks.keys()]);
        await expect(store.publish(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        await store.discard(file.upload);
        expectUntouched();

        plant();
        expect(readPublished(root, await carry(store, file))).toEqual(file.bytes);
        expectUntouched();
      });

    it('never follows a link in place of the folder that a file is published to', async () => {
      await using context = await ready();
      const { root, outside, store, file, expectUntouched } = context;
      symlinkSync(outside, path.join(root, 'files', file.upload.id));
      await expect(carry(store, file)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      writeFileSync(path.join(outside, file.upload.name), file.bytes);
      expect(await store.published(file.upload)).toBeNull();
      expect(await store.remove(file.upload)).toBe(false);
      await rm(path.join(outside, file.upload.name));
      expectUntouched();
    });

    it('takes neither a link nor a folder for a published file, and never copies through one', async () => {
      await using context = await ready();
      const { root, outside, store, file } = context;
      const copy = sample({ id: idOf(2) });
      await carry(store, file);
      await rm(store.publishedPath(file.upload));
      writeFileSync(path.join(outside, 'equal'), file.bytes);
      symlinkSync(path.join(outside, 'equal'), store.publishedPath(file.upload));
      expect(await store.published(file.upload)).toBeNull();
      expect(await store.copy(file.upload, copy.upload)).toBe(false);
      expect(await store.remove(file.upload)).toBe(true);
      expect(readFileSync(path.join(outside, 'equal'))).toHaveLength(40);

      mkdirSync(store.publishedPath(copy.upload), { recursive: true });
      expect(await store.published(copy.upload)).toBeNull();
      expect(readdirSync(path.join(root, 'files'))).toEqual([copy.upload.id]);
    });

    it('does not hang on a pipe in place of stored bytes', async () => {
      await using context = await ready();
      const { store, file, root } = context;
      await store.create(file.upload);
      await writeAll(store, file);
      const { file: at } = place(store, file.upload, file.chunks[1]!);
      await rm(at);
      execFileSync('mkfifo', [at]);
      const damaged = kind === 'in-place' ? [...file.chunks.keys()] : [1];
      expect(await store.verify(file.upload, file.chunks)).toEqual(damaged);
      expect(await store.stage(file.upload, file.chunks, new Set(file.chunks.keys()))).toEqual(damaged);
      await expect(
        store.write(file.upload, file.chunks[1]!, file.body(1), { sync: true }),
      ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.sync(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await store.discard(file.upload);
      expect(readPublished(root, await carry(store, file))).toEqual(file.bytes);
    });

    it('does not hang on a pipe, nor write into it, where a file is staged or published', async () => {
      await using context = await ready();
      const { store, file } = context;
      await store.create(file.upload);
      await writeAll(store, file);
      await store.stage(file.upload, file.chunks, new Set());
      await rm(store.stagedPath(file.upload));
      execFileSync('mkfifo', [store.stagedPath(file.upload)]);
      await expect(store.syncStaged(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.publish(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await store.published(file.upload)).toBeNull();
    });

    it('makes files and folders for its own user alone, whatever the umask', async () => {
      for (const umask of [0, 0o277]) {
        const before = process.umask(umask);
        try {
          await using folder = await temporaryFolder();
          const root = folder.path;
          const store = make({ root, tasks });
          await store.ready();
          const file = sample();
          await store.create(file.upload);
          await writeAll(store, file);
          await store.stage(file.upload, file.chunks, new Set());
          const mode = (target: string) => statSync(target).mode & 0o777;
          for (const folder of ['staging', 'files']) expect(mode(path.join(root, folder))).toBe(0o700);
          for (const staged of filesBelow(root, 'staging'))
            expect(mode(path.join(root, 'staging', staged))).toBe(0o600);
          await store.publish(file.upload);
          expect(mode(store.publishedPath(file.upload))).toBe(0o600);
          expect(mode(path.dirname(store.publishedPath(file.upload)))).toBe(0o700);
          const copy = sample({ id: idOf(2) });
          expect(await store.copy(file.upload, copy.upload)).toBe(true);
          for (const staged of filesBelow(root, 'staging'))
            expect(mode(path.join(root, 'staging', staged))).toBe(0o600);
        } finally {
          process.umask(before);
        }
      }
    });

    it('says what to do about a root that it cannot use', async () => {
      await using context = await ready();
      const { root, outside } = context;
      const refusal = async (bad: string) => {
        const error: unknown = await make({ root: bad, tasks })
          .ready()
          .catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: expect.any(Error) });
        expect(String((error as Error).message)).not.toContain(bad);
        return ((error as Error).cause as Error).message;
      };
      const secret = path.join(outside, 'secret');
      expect(await refusal(secret)).toMatch(/is not a folder. Choose a folder/);
      expect(await refusal(path.join(secret, 'below'))).toMatch(/is not a folder. Choose a folder/);
      await rm(path.join(root, 'files'), { recursive: true });
      symlinkSync(outside, path.join(root, 'files'));
      expect(await refusal(root)).toMatch(/is a file or a link where a folder .* Move it away/);
      expect(lstatSync(path.join(root, 'files')).isSymbolicLink()).toBe(true);
    });
  });
