import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkerPool } from '../../server/pool.js';
import type { Store, StoredChunk, StoredUpload } from '../../server/stores/store.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { filesBelow, readPublished, writeAll } from '../support/carry.js';
import { idOf, type Sample, sample, sha256, temporaryFolder } from '../support/stores.js';

export interface StoreUnderTest {
  make(options: { root: string; tasks: TaskRunner }): Store;
  /** Where a written chunk's bytes lie on the disk. */
  place(store: Store, upload: StoredUpload, chunk: StoredChunk): { file: string; offset: number };
}

/** The obligations of `Store`, on real disks and threads. Every store, and every decorator of one, runs it. */
export function describeStore(name: string, { make, place }: StoreUnderTest): void {
  describe(name, () => {
    let tasks: TaskRunner;
    beforeAll(() => {
      tasks = createWorkerPool({ worker: workerUrl });
    });
    afterAll(() => tasks[Symbol.asyncDispose]());

    /** A ready store on a root of its own. */
    async function ready() {
      const folder = await temporaryFolder();
      const root = path.join(folder.path, 'root');
      const store = make({ root, tasks });
      await store.ready();
      return { root, store, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
    }

    async function publish(store: Store, file: Sample): Promise<string> {
      await store.create(file.upload);
      await writeAll(store, file);
      expect(await store.stage(file.upload, file.chunks, new Set())).toEqual([]);
      await store.syncStaged(file.upload);
      const published = await store.publish(file.upload);
      await store.discard(file.upload);
      return published;
    }

    it('publishes what was written: any size, any order, in parallel', async () => {
      await using context = await ready();
      const { root, store } = context;
      let number = 100;
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(fc.constantFrom(0, 1, 6, 7, 8, 13, 14, 15), fc.nat(200)).chain((size) => {
            const indexes = [...Array(Math.max(1, Math.ceil(size / 7))).keys()];
            return fc.record({
              size: fc.constant(size),
              order: fc.shuffledSubarray(indexes, { minLength: indexes.length }),
              recheck: fc.subarray(indexes),
              sync: fc.boolean(),
            });
          }),
          async ({ size, order, recheck, sync }) => {
            const file = sample({ size, id: idOf(number++), seed: number });
            await store.create(file.upload);
            await writeAll(store, file, order, sync);
            expect(await store.verify(file.upload, file.chunks)).toEqual([]);
            expect(await store.stage(file.upload, file.chunks, new Set(recheck))).toEqual([]);
            expect(new Uint8Array(readFileSync(store.stagedPath(file.upload)))).toEqual(file.bytes);
            await store.syncStaged(file.upload);
            expect(filesBelow(root, 'files')).not.toContain(path.join(file.upload.id, file.upload.name));
            expect(await store.published(file.upload)).toBeNull();

            const published = await store.publish(file.upload);
            expect(published).toBe(`files/${file.upload.id}/report.pdf`);
            expect(await store.published(file.upload)).toBe(published);
            expect(store.publishedPath(file.upload)).toBe(path.join(root, published));
            await store.discard(file.upload);
            expect(readPublished(root, published)).toEqual(file.bytes);
            expect(await readdir(path.join(root, 'staging'))).toEqual([]);
          },
        ),
        { numRuns: 40 },
      );
    });

    it('answers the hash of a chunk that does not match, and stores nothing of it', async () => {
      await using context = await ready();
      const { store } = context;
      const file = sample();
      await store.create(file.upload);
      const body = file.body(2);
      body[0]![3]! ^= 0b100;
      const received = sha256(Buffer.concat(body));
      expect(await store.write(file.upload, file.chunks[2]!, body, { sync: false })).toEqual({
        ok: false,
        received,
      });
      expect(await store.verify(file.upload, [file.chunks[2]!])).toEqual([2]);

      await writeAll(store, file);
      const again = file.body(2);
      again[0]![0]! ^= 1;
      expect((await store.write(file.upload, file.chunks[2]!, again, { sync: true })).ok).toBe(false);
      expect(await store.verify(file.upload, file.chunks)).toEqual([]);
    });

    it('refuses a body that ends early or goes on, and stores nothing of it', async () => {
      await using context = await ready();
      const { store } = context;
      const file = sample();
      await store.create(file.upload);
      const short = file.body(1, 2).slice(0, -1);
      const long = [...file.body(1), new Uint8Array(1)];
      for (const body of [short, long, []])
        await expect(store.write(file.upload, file.chunks[1]!, body, { sync: false })).rejects.toMatchObject({
          name: 'UploadError',
          code: 'CHUNK_INCOMPLETE',
        });
      expect(await store.verify(file.upload, file.chunks)).toEqual([...file.chunks.keys()]);
    });

    it('takes a chunk again that it has', async () => {
      await using context = await ready();
      const { root, store } = context;
      const file = sample();
      await store.create(file.upload);
      await writeAll(store, file);
      await writeAll(store, file, [5, 0], true);
      expect(await store.stage(file.upload, file.chunks, new Set([5]))).toEqual([]);
      expect(readPublished(root, await store.publish(file.upload))).toEqual(file.bytes);
    });

    const lastByte = (chunk: StoredChunk) => chunk.size - 1;
    const damages: Record<string, (file: string, offset: number, chunk: StoredChunk) => void> = {
      'first bit flipped': (file, offset) => flip(file, offset),
      'last bit flipped': (file, offset, chunk) => flip(file, offset + lastByte(chunk)),
      'cut short by one byte': (file, offset, chunk) => truncateSync(file, offset + lastByte(chunk)),
      'cut away': (file, offset) => truncateSync(file, offset),
    };
    for (const [damage, apply] of Object.entries(damages))
      it(`finds a stored chunk that was damaged (${damage}), and takes it again`, async () => {
        await using context = await ready();
        const { root, store } = context;
        const file = sample({ size: 38 });
        const last = file.chunks.length - 1;
        await store.create(file.upload);
        await writeAll(store, file);
        const at = place(store, file.upload, file.chunks[last]!);
        apply(at.file, at.offset, file.chunks[last]!);

        expect(await store.verify(file.upload, file.chunks)).toEqual([last]);
        expect(await store.verify(file.upload, file.chunks.slice(0, last))).toEqual([]);
        expect(await store.stage(file.upload, file.chunks, new Set(file.chunks.keys()))).toEqual([last]);
        await writeAll(store, file, [last]);
        expect(await store.stage(file.upload, file.chunks, new Set())).toEqual([]);
        await store.syncStaged(file.upload);
        expect(readPublished(root, await store.publish(file.upload))).toEqual(file.bytes);
      });

    it('tells every chunk as damaged where the staging entry is gone', async () => {
      await using context = await ready();
      const { store } = context;
      const file = sample();
      const all = [...file.chunks.keys()];
      expect(await store.verify(file.upload, file.chunks)).toEqual(all);
      expect(await store.stage(file.upload, file.chunks, new Set())).toEqual(all);
      await expect(store.publish(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await store.published(file.upload)).toBeNull();
    });

    it('makes a staging entry in `create` alone, and keeps what is there', async () => {
      await using context = await ready();
      const { root, store } = context;
      const file = sample();
      expect(await store.exists(file.upload)).toBe(false);
      for (const sync of [false, true])
        await expect(store.write(file.upload, file.chunks[0]!, file.body(0), { sync })).rejects.toMatchObject(
          {
            code: 'STORE_UNAVAILABLE',
            retryable: true,
          },
        );
      await expect(store.sync(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await readdir(path.join(root, 'staging'))).toEqual([]);

      await store.create(file.upload);
      await writeAll(store, file, [0, 1]);
      await store.create(file.upload);
      expect(await store.exists(file.upload)).toBe(true);
      expect(await store.verify(file.upload, file.chunks)).toEqual([2, 3, 4, 5]);
      await store.sync(file.upload);
      await writeAll(store, file, [2]);
      await store.sync(file.upload);

      await store.discard(file.upload);
      await store.discard(file.upload);
      expect(await store.exists(file.upload)).toBe(false);
      expect(await readdir(path.join(root, 'staging'))).toEqual([]);
    });

    it('publishes once: again it answers the same, and it replaces nothing', async () => {
      await using context = await ready();
      const { root, store } = context;
      const file = sample();
      const published = await publish(store, file);
      expect(await store.publish(file.upload)).toBe(published);

      const other = sample({ id: idOf(2) });
      await mkdir(path.join(root, 'files', other.upload.id));
      await writeFile(store.publishedPath(other.upload), 'precious');
      await expect(publish(store, other)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(readFileSync(store.publishedPath(other.upload), 'utf8')).toBe('precious');
      expect(new Uint8Array(readFileSync(store.stagedPath(other.upload)))).toEqual(other.bytes);
    });

    it('does not publish a file of another size', async () => {
      await using context = await ready();
      const { root, store } = context;
      const file = sample();
      await store.create(file.upload);
      await writeAll(store, file);
      await store.stage(file.upload, file.chunks, new Set());
      truncateSync(store.stagedPath(file.upload), 39);
      await expect(store.publish(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(filesBelow(root, 'files')).toEqual([]);
      await store.discard(file.upload);
      expect(await readdir(path.join(root, 'files'))).toEqual([]);
    });

    it('knows when a published file is no longer there, and removes one', async () => {
      await using context = await ready();
      const { root, store } = context;
      const file = sample();
      await publish(store, file);
      truncateSync(store.publishedPath(file.upload), 39);
      expect(await store.published(file.upload)).toBeNull();
      rmSync(store.publishedPath(file.upload));
      expect(await store.published(file.upload)).toBeNull();
      expect(await store.remove(file.upload)).toBe(false);
      expect(await readdir(path.join(root, 'files'))).toEqual([]);

      const other = sample({ id: idOf(2) });
      await publish(store, other);
      expect(await store.remove(other.upload)).toBe(true);
      expect(await store.remove(other.upload)).toBe(false);
      expect(await readdir(path.join(root, 'files'))).toEqual([]);
    });

    it('copies a published file, however often it is asked', async () => {
      await using context = await ready();
      const { root, store } = context;
      const from = sample({ size: 61 });
      const to = sample({ size: 61, id: idOf(2), name: 'other name.pdf' });
      expect(await store.copy(from.upload, to.upload)).toBe(false);
      await publish(store, from);
      await store.create(to.upload);
      for (let time = 0; time < 2; time++) expect(await store.copy(from.upload, to.upload)).toBe(true);

      expect(await store.verify(to.upload, to.chunks)).toEqual([]);
      expect(await store.stage(to.upload, to.chunks, new Set(to.chunks.keys()))).toEqual([]);
      await store.syncStaged(to.upload);
      const published = await store.publish(to.upload);
      await store.discard(to.upload);
      expect(published).toBe(`files/${to.upload.id}/other name.pdf`);
      expect(readPublished(root, published)).toEqual(from.bytes);
      expect(await store.remove(from.upload)).toBe(true);
      expect(readPublished(root, published)).toEqual(from.bytes);
    });

    it('finds damage in a copy, and takes those chunks anew', async () => {
      await using context = await ready();
      const { root, store } = context;
      const from = sample();
      const to = sample({ id: idOf(2) });
      await publish(store, from);
      flip(store.publishedPath(from.upload), 15);
      expect(await store.copy(from.upload, to.upload)).toBe(true);
      expect(await store.stage(to.upload, to.chunks, new Set(to.chunks.keys()))).toEqual([2]);
      await store.create(to.upload);
      await writeAll(store, to, [2]);
      expect(await store.stage(to.upload, to.chunks, new Set(to.chunks.keys()))).toEqual([]);
      await store.syncStaged(to.upload);
      expect(readPublished(root, await store.publish(to.upload))).toEqual(to.bytes);
    });

    it('lists what belongs to uploads, removes orphans, and leaves the rest alone', async () => {
      await using context = await ready();
      const { root, store } = context;
      const [staged, published] = [sample({ id: idOf(1) }), sample({ id: idOf(2) })];
      await store.create(staged.upload);
      await writeAll(store, staged, [0]);
      await publish(store, published);
      for (const area of ['staging', 'files'])
        for (const name of ['lost+found', '.keep', `${idOf(3)}x`, idOf(10).toLowerCase()])
          await writeFile(path.join(root, area, name), 'not ours');

      const entries = await entriesOf(store);
      expect(entries).toHaveLength(2);
      expect(entries).toContainEqual({ id: staged.upload.id, area: 'staging' });
      expect(entries).toContainEqual({ id: published.upload.id, area: 'files' });
      // A published file stays, even where no session knows it; its folder alone goes.
      const file = { id: published.upload.id, area: 'files' } as const;
      expect(await store.removeOrphan(file)).toBe(false);
      expect(await readdir(path.join(root, 'files', file.id))).toHaveLength(1);
      expect(await store.remove(published.upload)).toBe(true);
      await mkdir(path.join(root, 'files', file.id), { recursive: true });
      for (const entry of entries) {
        expect(await store.removeOrphan(entry)).toBe(true);
        await store.removeOrphan(entry);
      }
      expect(await entriesOf(store)).toEqual([]);
      for (const area of ['staging', 'files']) expect(await readdir(path.join(root, area))).toHaveLength(4);
    });

    it('leaves work that was aborted while it waited, and rejects with the reason', async () => {
      await using context = await ready();
      const { store } = context;
      const file = sample();
      await store.create(file.upload);
      const reason = new Error('the client went away');
      const signal = AbortSignal.abort(reason);
      const body = file.body(0);
      await expect(store.write(file.upload, file.chunks[0]!, body, { sync: false, signal })).rejects.toBe(
        reason,
      );
      await expect(store.verify(file.upload, file.chunks, signal)).rejects.toBe(reason);
      await expect(store.stage(file.upload, file.chunks, new Set(file.chunks.keys()), signal)).rejects.toBe(
        reason,
      );
      expect(await store.verify(file.upload, file.chunks)).toEqual([...file.chunks.keys()]);
    });

    it('keeps every name within the folder of its upload', async () => {
      await using context = await ready();
      const { root, store } = context;
      const names = [
        '../../escape',
        '/etc/passwd',
        '..',
        'a\0b',
        'C:\\x',
        '\u202efdp.exe',
        'é'.repeat(2048),
        'CON',
      ];
      for (const [number, name] of names.entries()) {
        const file = sample({ id: idOf(number), name });
        const published = await publish(store, file);
        expect(path.dirname(published)).toBe(`files/${file.upload.id}`);
        expect(await store.published(file.upload)).toBe(published);
        expect(await readdir(path.join(root, 'files', file.upload.id))).toEqual([path.basename(published)]);
      }
      expect(await readdir(root)).toEqual(['files', 'staging']);
    });

    it('is ready again and again, and tells the room that is left', async () => {
      await using context = await ready();
      const { store } = context;
      await store.ready();
      expect(await store.freeBytes()).toBeGreaterThan(0);
      expect(store.maxChunks).toBeGreaterThanOrEqual(10_000);
      expect(store.maxFileSizeBytes).toBeGreaterThan(2 ** 40);
    });

    it('finds its files again under a root that was moved', async () => {
      await using context = await ready();
      const { root, store } = context;
      const [file, half] = [sample(), sample({ id: idOf(2) })];
      const published = await publish(store, file);
      await store.create(half.upload);
      await writeAll(store, half, [0, 1, 2]);
      renameSync(root, `${root}-moved`);
      const moved = make({ root: `${root}-moved`, tasks });
      await moved.ready();
      expect(await moved.published(file.upload)).toBe(published);
      expect(await moved.verify(half.upload, half.chunks)).toEqual([3, 4, 5]);
    });
  });
}

async function entriesOf(store: Store): Promise<{ id: string; area: string }[]> {
  const entries: { id: string; area: string }[] = [];
  for await (const entry of store.entries()) entries.push(entry);
  return entries;
}

function flip(file: string, position: number): void {
  const bytes = readFileSync(file);
  bytes[position]! ^= 0b1000;
  writeFileSync(file, bytes);
}
