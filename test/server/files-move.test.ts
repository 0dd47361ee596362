import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { KiB } from '../../contract/index.js';
import { startApp } from '../support/served-file.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;

async function setUp() {
  const app = await startApp();
  const bytes = randomBytes(600_000);
  const id = await app.upload(bytes);
  const place = path.join(path.dirname(app.folder.path), `${path.basename(app.folder.path)}-app`);
  const client = wireClient(app.server.url);
  return {
    ...{ app, bytes, id, client, files: app.files },
    to: (name: string) => path.join(place, name),
    view: async () => (await client.query('resume', { uploadId: id })).data,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await fs.rm(place, { recursive: true, force: true });
    },
  };
}

describe('moving', () => {
  it('makes the file the app’s, and the upload gone, once and for all', async () => {
    await using test = await setUp();
    const { files, id, bytes, to, app } = test;
    const before = await files.stat(id);
    for (let time = 0; time < 3; time++) {
      await files.move(id, to('a/b/film.bin'));
      expect(readFileSync(to('a/b/film.bin')).equals(bytes)).toBe(true);
      expect(await files.stat(id)).toBeNull();
      expect(readdirSync(path.join(app.folder.path, 'files'))).toEqual([]);
    }
    await expect(files.open(id)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
    expect(await test.view()).toMatchObject({ status: 'gone', path: before?.path, hash: before?.hash });
    expect(JSON.stringify(await test.view())).not.toContain(path.dirname(to('')));
    expect(await files.remove(id)).toBe(false);
    await expect(files.move(id, to('elsewhere'))).rejects.toMatchObject({
      code: 'UPLOAD_CLOSED',
      message: expect.stringContaining('moved to another path already'),
    });
    // What the app does with it afterwards is nobody else's business.
    await fs.rename(to('a/b/film.bin'), to('renamed'));
    await files.move(id, to('a/b/film.bin'));
    expect(existsSync(to('a/b/film.bin'))).toBe(false);
    expect(await app.upload(bytes)).not.toBe(id);
    expect((await app.server.uploads.sweep()).orphans).toBe(0);
    expect(readFileSync(to('renamed')).equals(bytes)).toBe(true);
  });

  it('replaces nothing, and can then go elsewhere', async () => {
    await using test = await setUp();
    const { files, id, bytes, to } = test;
    await fs.mkdir(to(''));
    await fs.writeFile(to('taken'), 'precious');
    for (let time = 0; time < 2; time++)
      await expect(files.move(id, to('taken'))).rejects.toMatchObject({
        code: 'TARGET_EXISTS',
        message: expect.stringContaining('Choose another path'),
      });
    expect(await test.view()).toMatchObject({ status: 'completed' });
    expect((await (await files.open(id)).toArray()).length).toBeGreaterThan(0);
    await files.move(id, to('free'));
    expect([readFileSync(to('taken'), 'utf8'), readFileSync(to('free')).equals(bytes)]).toEqual([
      'precious',
      true,
    ]);
  });

  it('refuses what is no target, before anything happens', async () => {
    await using test = await setUp();
    const { files, id, app, to } = test;
    const root = app.folder.path;
    for (const target of [
      ...['', 'film.bin', './film.bin', '../film.bin', `${to('x')}/`, `${to('x')}\0y`, 'file:///tmp/x'],
      ...[undefined, null, 7, new URL('file:///tmp/x')],
      ...[root, path.join(root, 'files/x'), path.join(root, 'staging/x'), path.join(root, 'chunkwise.db')],
      ...[path.join(root, 'elsewhere/../files', id, 'film.bin'), (await files.stat(id))?.absolutePath],
    ])
      await expect(files.move(id, target as string), String(target)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    for (const unknown of ['', '0'.repeat(26), undefined, {}, `${id}\0`])
      await expect(files.move(unknown as string, to('x'))).rejects.toMatchObject({
        code: 'UPLOAD_NOT_FOUND',
      });
    expect(existsSync(to(''))).toBe(false);
    expect(await files.stat(id)).toMatchObject({ uploadId: id });
  });

  it('by several at the same time ends in one place, and against a removal in one end', async () => {
    await using test = await setUp();
    const { files, id, bytes, to } = test;
    const names = ['one', 'two', 'one', 'three', 'one'];
    const outcomes = await Promise.allSettled(names.map((name) => files.move(id, to(name))));
    expect(outcomes.map(({ status }) => status)).toEqual(
      names.map((name) => (name === 'one' ? 'fulfilled' : 'rejected')),
    );
    expect(readdirSync(to(''))).toEqual(['one']);

    const other = await test.app.upload(bytes, { name: 'other' });
    const [removed, moved] = await Promise.allSettled([files.remove(other), files.move(other, to('other'))]);
    expect(removed).toMatchObject({ status: 'fulfilled', value: true });
    expect(moved).toMatchObject({ status: 'rejected', reason: { code: 'UPLOAD_NOT_FOUND' } });
    expect(readdirSync(to(''))).toEqual(['one']);
  });

  it('lets a reader read on', async () => {
    await using test = await setUp();
    const { files, id, bytes, to } = test;
    const stream = await files.open(id, { start: 5, end: 599_990 });
    await files.move(id, to('film'));
    expect(Buffer.concat(await stream.toArray()).equals(bytes.subarray(5, 599_991))).toBe(true);
  });

  it('gives the room back: the quota counts only what is there', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({
      root: path.join(folder.path, 'root'),
      quota: { maxUploads: 1 },
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
    });
    const client = wireClient(server.url);
    for (let round = 0; round < 3; round++) {
      const file = randomFile(1000, CHUNK);
      const { uploadId } = (await client.init({ ...file.input(), chunkSize: 1000 })).data;
      expect((await client.init(randomFile(10, CHUNK).input('more'))).upload?.code).toBe('QUOTA_EXCEEDED');
      await client.chunk(file.fields(uploadId, 0), file.piece(0));
      expect((await client.init(randomFile(10, CHUNK).input('more'))).upload?.code).toBe('QUOTA_EXCEEDED');
      await server.uploads.files.move(uploadId, path.join(folder.path, String(round)));
    }
  });
});

test('an owner that is given is checked, also where it has no value', async () => {
  await using test = await setUp();
  const { files, id, bytes } = test;
  for (const owner of ['bob', '', null, undefined, {} as string]) {
    expect(await files.stat(id, { owner })).toBeNull();
    await expect(files.open(id, undefined, { owner })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
    expect(await files.remove(id, { owner })).toBe(false);
  }
  expect(await files.stat(id, { owner: 'ann' })).toMatchObject({ uploadId: id, owner: 'ann' });
  const all = Buffer.concat(await (await files.open(id, undefined, { owner: 'ann' })).toArray());
  expect(all.equals(bytes)).toBe(true);
  expect(await files.remove(id, { owner: 'ann' })).toBe(true);
});

test('a range that is not within the file is a typed error', async () => {
  await using test = await setUp();
  for (const [start, end] of [
    [-1, 5],
    [5, 4],
    [0, 600_000],
    [600_000, 600_000],
    [0.5, 3],
    [Number.NaN, 3],
    [0, Number.POSITIVE_INFINITY],
    [undefined, undefined],
    ['0', '1'],
  ] as [number, number][])
    await expect(test.files.open(test.id, { start, end }), `${start}-${end}`).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  expect(
    Buffer.concat(await (await test.files.open(test.id, { start: 599_999, end: 599_999 })).toArray()),
  ).toEqual(test.bytes.subarray(599_999));
});
