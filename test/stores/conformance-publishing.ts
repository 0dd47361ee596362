import { readFileSync, truncateSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { filesBelow, readPublished, writeAll } from '../support/carry.js';
import { idOf, sample } from '../support/stores.js';
import { publish, type Ready } from './conformance-context.js';

/** What holds on the way from staged chunks to a published file. */
export function describePublishing(ready: Ready): void {
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
}
