import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { filesBelow } from '../support/carry.js';
import { idOf, type Sample, sample } from '../support/stores.js';
import { publish, type Ready } from './conformance-context.js';

const chunksOf = (file: Sample) => async () => file.chunks;
const bytesAt = (place: string) => new Uint8Array(readFileSync(place));

/** What holds of a published file on its way to a place of the app's. */
export function describeGiving(ready: Ready): void {
  async function setUp(size = 40) {
    const context = await ready();
    const file = sample({ size });
    await publish(context.store, file);
    const app = path.join(path.dirname(context.root), 'app');
    const published = context.store.publishedPath(file.upload);
    return { ...context, file, app, published, give: (to: string) => giveTo(context.store, file, to) };
  }
  const giveTo = (store: Awaited<ReturnType<Ready>>['store'], file: Sample, to: string) =>
    store.giveAway(file.upload, to, chunksOf(file));

  for (const size of [0, 40])
    it(`gives a file of ${size} bytes another name, and lets its own go only when it is told`, async () => {
      await using context = await setUp(size);
      const { root, store, file, app, published, give } = context;
      const to = path.join(app, 'years/2026/film.mp4');
      for (let time = 0; time < 3; time++) {
        expect(await give(to)).toBe(true);
        expect(bytesAt(to)).toEqual(file.bytes);
        expect(bytesAt(published)).toEqual(file.bytes);
      }
      for (let time = 0; time < 2; time++) {
        await store.letGo(file.upload, to);
        expect(bytesAt(to)).toEqual(file.bytes);
        expect(filesBelow(root, 'files')).toEqual([]);
        expect(readdirSync(path.join(root, 'files'))).toEqual([]);
        expect(readdirSync(path.dirname(to))).toEqual(['film.mp4']);
      }
      expect(await store.published(file.upload)).toBeNull();
      expect(await give(to)).toBe(false);
      expect(statSync(to).nlink).toBe(1);
    });

  it('replaces nothing, whatever has the name', async () => {
    await using context = await setUp();
    const { store, file, app, published, give } = context;
    await mkdir(path.join(app, 'folder'), { recursive: true });
    await writeFile(path.join(app, 'file'), 'precious');
    await writeFile(path.join(app, 'equal'), file.bytes);
    await symlink('nowhere', path.join(app, 'dangling'));
    await symlink(published, path.join(app, 'link'));
    for (const name of ['folder', 'file', 'equal', 'dangling', 'link']) {
      const before = lstatSync(path.join(app, name), { bigint: true });
      await expect(give(path.join(app, name)), name).rejects.toMatchObject({
        code: 'TARGET_EXISTS',
        retryable: false,
      });
      await store.takeBack(file.upload, path.join(app, name));
      const { ino, mtimeNs } = lstatSync(path.join(app, name), { bigint: true });
      expect([ino, mtimeNs]).toEqual([before.ino, before.mtimeNs]);
    }
    expect(await readFile(path.join(app, 'file'), 'utf8')).toBe('precious');
    expect(bytesAt(published)).toEqual(file.bytes);
  });

  it('takes back what it gave, and nothing else', async () => {
    await using context = await setUp();
    const { store, file, app, published, give } = context;
    const [first, second] = [path.join(app, 'first'), path.join(app, 'second')];
    await give(first);
    for (let time = 0; time < 2; time++) await store.takeBack(file.upload, first);
    expect(readdirSync(app)).toEqual([]);
    expect(await give(second)).toBe(true);
    // Were it taken back now, nothing would be left of it.
    rmSync(published);
    await store.takeBack(file.upload, second);
    expect(bytesAt(second)).toEqual(file.bytes);
    await store.takeBack(file.upload, path.join(app, 'no/such/folder/name'));
    await store.letGo(file.upload, path.join(app, 'no/such/folder/name'));
  });

  it('gives no file that is not whole, and none that is not there', async () => {
    await using context = await setUp();
    const { root, app, published, give } = context;
    truncateSync(published, 39);
    expect(await give(path.join(app, 'x'))).toBe(false);
    rmSync(path.join(root, 'files'), { recursive: true });
    await expect(give(path.join(app, 'x'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(existsSync(app)).toBe(false);
  });

  it('refuses targets among its own files, also by a link, and those that no file can have', async () => {
    await using context = await setUp();
    const { root, store, app, file, give, published } = context;
    await mkdir(app);
    await symlink(root, path.join(app, 'way'));
    await symlink('loop', path.join(app, 'loop'));
    await writeFile(path.join(app, 'file'), '');
    const inside = [
      '',
      'files',
      'staging',
      `files/${idOf(7)}/x`,
      'staging/new/x',
      'chunkwise.db-wal',
      'chunkwise.lock',
    ];
    const targets = [
      ...inside.map((name) => path.join(root, name)),
      ...inside.slice(3).map((name) => path.join(app, 'way', name)),
      published,
      path.join(app, 'way', path.relative(root, published)),
      path.join(app, `.chunkwise-${file.upload.id}`),
      path.join(app, `.CHUNKWISE-${idOf(9)}`),
      path.join(app, 'file/x'),
      path.join(app, 'file/x/y'),
      path.join(app, 'loop/x'),
      path.join(app, 'n'.repeat(300)),
    ];
    for (const target of targets) {
      await expect(give(target), target).rejects.toMatchObject({ code: 'INPUT_INVALID', retryable: false });
      await store.takeBack(file.upload, target);
    }
    expect(readdirSync(path.join(root, 'staging'))).toEqual([]);
    expect(readdirSync(path.join(root, 'files'))).toEqual([file.upload.id]);
    expect(readdirSync(app).sort()).toEqual(['file', 'loop', 'way']);
    expect(bytesAt(published)).toEqual(file.bytes);
    // The rest of the root is the app's to use.
    expect(await give(path.join(root, 'avatars', 'chunkwise.png'))).toBe(true);
  });

  it('opens what is published, whole or a part of it, and reads on after it is gone', async () => {
    await using context = await setUp();
    const { store, file, published } = context;
    const read = async (range?: { start: number; end: number }) => {
      const stream = await store.open(file.upload, range);
      rmSync(published);
      const bytes = new Uint8Array(Buffer.concat(await stream!.toArray()));
      await writeFile(published, file.bytes);
      return bytes;
    };
    expect(await read()).toEqual(file.bytes);
    expect(await read({ start: 3, end: 3 })).toEqual(file.bytes.subarray(3, 4));
    expect(await read({ start: 38, end: 39 })).toEqual(file.bytes.subarray(38));
    truncateSync(published, 39);
    expect(await store.open(file.upload)).toBeNull();
    rmSync(published);
    expect(await store.open(file.upload)).toBeNull();
    await symlink('/etc/hostname', published);
    expect(await store.open(file.upload)).toBeNull();
    rmSync(published);
    await mkdir(published);
    expect(await store.open(file.upload)).toBeNull();
    const empty = sample({ size: 0, id: idOf(2) });
    await publish(store, empty);
    expect(await (await store.open(empty.upload))!.toArray()).toEqual([]);
    rmSync(path.join(context.root, 'files'), { recursive: true });
    await expect(store.open(file.upload)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
}
