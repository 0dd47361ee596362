import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createTRPCClient } from '@trpc/client';
import { describe, expect, test } from 'vitest';
import { createTestUploads, testLink } from '../../testing/index.js';
import {
  CHUNK,
  type Context,
  createAppRouter,
  createDatabase,
  createPolicies,
  image,
  owner,
  type User,
} from './support/app.js';

/** What a user's own helper would be: the app, and clients of it. */
async function createTestApp() {
  const db = createDatabase();
  const test = await createTestUploads({ owner, policies: createPolicies(db) });
  const router = createAppRouter(test.uploads, db);
  const as = (user: User | null) =>
    createTRPCClient<typeof router>({
      links: [test.link(router, { createContext: (opts) => ({ ...test.uploads.context(opts), user }) })],
    });
  return { db, test, router, as, [Symbol.asyncDispose]: () => test.close() };
}

const ann = { id: 'ann' };

describe('an app of its own', () => {
  test('uploads through its own router, transformer and middlewares, and its hook writes its own table', async () => {
    await using app = await createTestApp();
    const trpc = app.as(ann);
    const uploader = app.test.uploader(trpc.uploads);
    const file = image(3 * CHUNK + 5);
    const result = await uploader.upload(file, { policy: 'photos', metadata: { album: 'summer' } });
    expect(result).toMatchObject({ status: 'completed', data: { photo: 1, album: 'summer' }, retries: 0 });

    const { at, rows } = await trpc.photos.query();
    expect(at).toEqual(new Date(0));
    expect(rows).toMatchObject([
      { uploadId: result.uploadId, owner: 'ann', album: 'summer', path: result.path },
    ]);
    const stored = await readFile(path.join(app.test.root, result.path));
    expect(stored.equals(Buffer.from(await file.arrayBuffer()))).toBe(true);
    expect(await app.test.files.stat(result.uploadId)).toMatchObject({ owner: 'ann', size: file.size });
  });

  test('the same upload again is one row, and sends nothing', async () => {
    await using app = await createTestApp();
    const uploader = app.test.uploader(app.as(ann).uploads);
    const options = { policy: 'photos', metadata: { album: 'summer' } } as const;
    const first = await uploader.upload(image(CHUNK + 1), options);
    expect(await uploader.upload(image(CHUNK + 1), options)).toMatchObject({
      ...{ uploadId: first.uploadId, resumed: true, sentBytes: 0, data: { photo: 1 } },
    });
    expect(app.db.photosOf('ann')).toHaveLength(1);
  });

  test('refuses whom its middlewares and hooks refuse, and what its policy does not take', async () => {
    await using app = await createTestApp();
    const upload = (user: User | null, album: string, file = image(10)) =>
      app.test.uploader(app.as(user).uploads).upload(file, { policy: 'photos', metadata: { album } });
    await expect(upload(null, 'a')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(upload({ id: 'eve', banned: true }, 'a')).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(upload(ann, 'closed')).rejects.toMatchObject({ message: 'This album is closed.' });
    await expect(upload(ann, '')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(upload(ann, 'a', image(10, 'a.txt', 'text/plain'))).rejects.toMatchObject({
      code: 'TYPE_REFUSED',
    });
    expect(app.db.photosOf('ann')).toEqual([]);
  });

  test('shows an owner only what is his', async () => {
    await using app = await createTestApp();
    const { uploadId } = await app.test.uploader(app.as(ann).uploads).upload(image(10), { policy: 'notes' });
    expect((await app.as(ann).uploads.list.query({})).items).toMatchObject([{ uploadId }]);
    const bob = app.as({ id: 'bob' });
    expect((await bob.uploads.list.query({})).items).toEqual([]);
    await expect(bob.uploads.resume.query({ uploadId })).rejects.toMatchObject({
      data: { upload: { code: 'UPLOAD_NOT_FOUND' } },
    });
  });

  test('calls of the server and forms go their way too', async () => {
    await using app = await createTestApp();
    const caller = app.router.createCaller({ ...app.test.uploads.context(), user: ann });
    expect((await caller.uploads.list({})).items).toEqual([]);
    const form = new FormData();
    form.set('a', '1');
    form.set('b', new Blob(['2']));
    expect(await app.as(ann).count.mutate(form)).toBe(2);
  });

  test('has its headers where `createContext` reads them', async () => {
    await using app = await createTestApp();
    const users = new Map([['Bearer s3cret', ann]]);
    const trpc = createTRPCClient<typeof app.router>({
      links: [
        app.test.link(app.router, {
          headers: async () => ({ authorization: 'Bearer s3cret' }),
          createContext: (opts): Context => ({
            ...app.test.uploads.context(opts),
            user: users.get(opts.req.headers.get('authorization') ?? '') ?? null,
          }),
        }),
      ],
    });
    const result = await app.test.uploader(trpc.uploads).upload(image(10), { policy: 'notes' });
    expect(result).toMatchObject({ status: 'completed', data: undefined });
  });
});

describe('without a router', () => {
  test('policies and hooks are tried as an owner', async () => {
    const db = createDatabase();
    await using test = await createTestUploads({ policies: createPolicies(db) });
    const { data } = await test
      .uploader('ann')
      .upload(image(2 * CHUNK), { policy: 'photos', metadata: { album: 'a' } });
    expect(data).toEqual({ photo: 1, album: 'a' });
    expect(db.photosOf('ann')).toHaveLength(1);
    expect((await test.client('ann').list.query({})).items).toHaveLength(1);
    expect((await test.client('bob').list.query({})).items).toEqual([]);
  });

  test.each(['in-place', 'multi-file'] as const)(
    'files are what was sent, in the store %s',
    async (store) => {
      await using test = await createTestUploads({ store, policies: createPolicies(createDatabase()) });
      const file = image(4 * CHUNK - 1);
      const { uploadId } = await test.uploader().upload(file, { policy: 'photos', metadata: { album: 'a' } });
      const parts = await (await test.files.open(uploadId)).toArray();
      expect(Buffer.concat(parts).equals(Buffer.from(await file.arrayBuffer()))).toBe(true);
    },
  );
});

test('testLink drives any router', async () => {
  const db = createDatabase();
  await using test = await createTestUploads({ owner, policies: createPolicies(db) });
  const router = createAppRouter(test.uploads, db);
  const link = testLink(router, { createContext: () => ({ ...test.uploads.context(), user: ann }) });
  const trpc = createTRPCClient<typeof router>({ links: [link] });
  expect((await trpc.photos.query()).at).toEqual(new Date(0));
});
