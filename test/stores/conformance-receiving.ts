import { truncateSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { StoredChunk } from '../../server/stores/store.js';
import { readPublished, writeAll } from '../support/carry.js';
import { sample, sha256 } from '../support/stores.js';
import { flip, type Ready, type StoreUnderTest } from './conformance-context.js';

/** What holds while chunks come in, and of the bytes that lie in staging. */
export function describeReceiving(ready: Ready, place: StoreUnderTest['place']): void {
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
      await expect(store.write(file.upload, file.chunks[0]!, file.body(0), { sync })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
      });
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
}
