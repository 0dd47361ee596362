import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyTRPCRouter } from '@trpc/server';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KiB } from '../../contract/index.js';
import type { HookUpload, PolicyOptions, Verdict } from '../../server/index.js';
import { startServer } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';
import { writeApp } from './support/apps.js';
import { mounted, type RecipeUploads } from './support/mounted.js';

const CHUNK = 256 * KiB;
/** One black pixel; what follows its end makes it another file. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
);
const picture = (name: string) => new File([PIXEL, randomBytes(16)], name, { type: 'image/png' });

let app: Awaited<ReturnType<typeof writeApp>>;
beforeAll(async () => {
  app = await writeApp('docs/cookbook.md');
  vi.stubEnv('DATABASE', path.join(app.path, 'app.db'));
  vi.stubEnv('LIBRARY', path.join(app.path, 'library'));
});
afterAll(async () => {
  const { uploads } = await recipe<Media>('media.ts');
  await uploads.close();
  vi.unstubAllEnvs();
  await app[Symbol.asyncDispose]();
});

/** A module of the page, with its uploads in a folder of their own. */
async function recipe<Module>(name: string, root = name): Promise<Module> {
  vi.stubEnv('UPLOADS_ROOT', path.join(app.path, `data of ${root}`));
  return (await import(pathToFileURL(path.join(app.path, name)).href)) as Module;
}

interface Media {
  uploads: RecipeUploads;
  avatars: { current(userId: string): string | null };
}

describe('avatars and videos', () => {
  test('the newest avatar replaces the one before, whose file goes', async () => {
    const { uploads, avatars } = await recipe<Media>('media.ts');
    await using server = await mounted(uploads);
    const { uploader } = server.as('ann');
    const first = await uploader.upload(picture('first.png'), { policy: 'avatars' });
    expect(first.data).toEqual({ src: `/files/${first.uploadId}` });
    const bobs = await server.as('bob').uploader.upload(picture('bob.png'), { policy: 'avatars' });
    const second = await uploader.upload(picture('second.png'), { policy: 'avatars' });
    expect(avatars.current('ann')).toBe(second.uploadId);
    expect(await uploads.files.stat(first.uploadId)).toBeNull();
    expect(await uploads.files.stat(second.uploadId)).not.toBeNull();
    expect(avatars.current('bob')).toBe(bobs.uploadId);
    expect(await uploads.files.stat(bobs.uploadId)).not.toBeNull();
  });

  test('what only says that it is a picture is refused', async () => {
    const { uploads } = await recipe<Media>('media.ts');
    await using server = await mounted(uploads);
    const page = new File(['<html></html>'], 'page.png', { type: 'image/png' });
    const { uploader } = server.as('ann');
    await expect(uploader.upload(page, { policy: 'avatars' })).rejects.toMatchObject({
      code: 'HOOK_REFUSED',
    });
    const film = new File([PIXEL], 'film.mp4', { type: 'video/mp4' });
    const options = { policy: 'videos', metadata: { title: 'Film' } };
    await expect(uploader.upload(film, options)).rejects.toMatchObject({ code: 'HOOK_REFUSED' });
    await expect(uploader.upload(film, { policy: 'videos' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

test('a photo is served by the id of its own row, and only to whom the row belongs', async () => {
  type Photo = { uploadId: string; userId: number };
  type Serve = (request: Request, id: number, user: { id: number } | null) => Promise<Response>;
  const { photoUploads } = await recipe<{
    photoUploads(photos: object): { uploads: RecipeUploads; servePhoto: Serve };
  }>('photos.ts');
  const rows: Photo[] = [];
  const photos = {
    add: async (photo: Photo) => rows.push(photo),
    find: async (id: number) => rows[id - 1] ?? null,
  };
  const { uploads, servePhoto } = photoUploads(photos);
  await using server = await mounted(uploads);
  const file = picture('photo.png');
  const { uploadId, data } = await server.as('7').uploader.upload(file, { policy: 'photos' });
  expect(data).toEqual({ id: 1, src: '/photos/1' });
  expect(rows).toEqual([{ uploadId, userId: 7 }]);
  const request = new Request('http://localhost/photos/1');
  const served = await servePhoto(request, 1, { id: 7 });
  expect(Buffer.from(await served.arrayBuffer())).toEqual(Buffer.from(await file.arrayBuffer()));
  for (const [id, user] of [
    [1, { id: 8 }],
    [1, null],
    [2, { id: 7 }],
  ] as const)
    expect((await servePhoto(request, id, user)).status).toBe(404);
  await uploads.close();
});

test('a document is moved to a place of its own, and its bytes are sent again where it comes again', async () => {
  const { uploads } = await recipe<{ uploads: RecipeUploads }>('documents.ts');
  await using server = await mounted(uploads);
  const bytes = randomBytes(1000);
  const document = () => new File([bytes], '../../x.pdf', { type: 'application/pdf' });
  const { uploader } = server.as('ann');
  const moved = await uploader.upload(document(), { policy: 'documents' });
  expect(moved.data).toEqual({ document: moved.uploadId });
  const place = path.join(app.path, 'library', `${moved.uploadId}.pdf`);
  expect(Buffer.compare(await fs.readFile(place), bytes)).toBe(0);
  expect(await uploads.files.stat(moved.uploadId)).toBeNull();
  const again = await uploader.upload(document(), { policy: 'documents' });
  expect(again).toMatchObject({ resumed: false, sentBytes: 1000 });
  await uploads.close();
});

describe('a scanner', () => {
  type Scan = (upload: HookUpload<unknown>, file: { path: string; signal: AbortSignal }) => Promise<Verdict>;

  async function verdictOn(text: string, command?: string): Promise<Verdict> {
    const { scanWith } = await recipe<{ scanWith(command: string, args: string[]): Scan }>('scanner.ts');
    const file = path.join(app.path, 'scanned');
    await fs.writeFile(file, text);
    // As clamdscan: 1 where something is found, 2 where something is wrong.
    const script = 'test -n "$text" || exit 2; grep -q EICAR "$1" && exit 1; exit 0';
    const scan = scanWith(command ?? 'sh', ['-c', `text=$(cat "$1"); ${script}`, 'scan']);
    return scan({} as HookUpload<unknown>, { path: file, signal: new AbortController().signal });
  }

  test('lets clean files go on, and refuses what it finds', async () => {
    expect(await verdictOn('harmless')).toBe(true);
    expect(await verdictOn('here is EICAR')).toBe('A scanner has found something in this file.');
  });

  test('that fails, or is not there, is no yes', async () => {
    await expect(verdictOn('')).rejects.toMatchObject({ code: 2 });
    await expect(verdictOn('harmless', 'no-such-scanner')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test("a team's room is asked for before and counted after, once for each upload", async () => {
  const { teamPolicy } = await recipe<{ teamPolicy(teams: object): PolicyOptions<never> }>('teams.ts');
  const stored = new Map<string, number>();
  const teams = {
    roomOf: async () => ({
      usedBytes: [...stored.values()].reduce((sum, size) => sum + size, 0),
      maxBytes: 3 * CHUNK,
    }),
    record: async ({ uploadId, bytes }: { uploadId: string; bytes: number }) =>
      void stored.set(uploadId, bytes),
  };
  const root = path.join(app.path, 'data of teams');
  await using server = await startServer({ root, policies: { default: teamPolicy(teams) } });
  const client = wireClient(server.url);
  const file = randomFile(2 * CHUNK, 2 * CHUNK);
  const { uploadId } = (await client.init(file.input())).data;
  expect((await client.chunk(file.fields(uploadId, 0), file.piece(0))).data).toMatchObject({
    status: 'completed',
  });
  expect([...stored]).toEqual([[uploadId, 2 * CHUNK]]);
  const refused = await client.init(randomFile(2 * CHUNK, 2 * CHUNK).input('more.bin'));
  expect(refused).toMatchObject({
    upload: { code: 'REFUSED' },
    message: 'Your team has no room left for this file.',
  });
});

describe('with the router', () => {
  test('files are removed by their owner, and pages list them', async () => {
    const { uploads, avatars } = await recipe<Media>('media.ts');
    const { appRouter, createCaller } = await recipe<{
      appRouter: AnyTRPCRouter;
      createCaller(context: object): { removeAvatar(input: object): Promise<{ removed: boolean }> };
    }>('router.ts', 'media.ts');
    await using server = await mounted(uploads, appRouter);
    const { uploadId } = await server.as('carl').uploader.upload(picture('carl.png'), { policy: 'avatars' });
    const caller = (id: string) => createCaller({ ...uploads.context(), user: { id } });
    expect(await caller('ann').removeAvatar({ uploadId })).toEqual({ removed: false });
    expect(avatars.current('carl')).toBe(uploadId);
    // As a call does that ends before it has forgotten the row.
    await uploads.files.remove(uploadId, { owner: 'carl' });
    expect(avatars.current('carl')).toBe(uploadId);
    expect(await caller('carl').removeAvatar({ uploadId })).toEqual({ removed: true });
    expect(avatars.current('carl')).toBeNull();

    // `ftyp` is all that makes a file a video for who looks at its first bytes.
    const film = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isomiso2'), randomBytes(100)]);
    const video = new File([film], 'film.mp4', { type: 'video/mp4' });
    const options = { policy: 'videos', metadata: { title: 'Film' } };
    const sent = await server.as('carl').uploader.upload(video, options);
    const { videosOf } = await recipe<{ videosOf(user: object): Promise<unknown> }>('pages.ts', 'media.ts');
    expect(await videosOf({ id: 'carl' })).toEqual([{ src: `/files/${sent.uploadId}`, title: 'Film' }]);
    expect(await videosOf({ id: 'dora' })).toEqual([]);
  });

  test('unfinished uploads are listed, watched and discarded', async () => {
    const { uploads } = await recipe<Media>('media.ts');
    const { appRouter } = await recipe<{ appRouter: AnyTRPCRouter }>('router.ts', 'media.ts');
    await using server = await mounted(uploads, appRouter);
    const { connect, unfinished } = await recipe<{
      connect(url: string, headers: object): unknown;
      unfinished(trpc: unknown): Promise<{ uploadId: string; text: string; discard(): Promise<unknown> }[]>;
    }>('unfinished.ts', 'media.ts');
    const trpc = connect(server.url, { 'x-user': 'emil' });

    const seen: string[] = [];
    const until = (text: string) => vi.waitFor(() => expect(seen.join('\n')).toContain(text), 10_000);
    vi.stubGlobal(
      'EventSource',
      class extends EventSource {
        constructor(url: string) {
          super(url, {
            fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, 'x-user': 'emil' } }),
          });
        }
      },
    );
    const { watch } = await recipe<{ watch(url: string, show: (text: string) => void): () => void }>(
      'watching.ts',
      'media.ts',
    );
    const { uploads: calls } = server.as('emil');
    const file = randomFile(17 * 1024 * KiB, 8 * 1024 * KiB);
    const { uploadId } = await calls.init.mutate(file.input('emil.bin'));
    const stop = watch(server.url, (text) => seen.push(text));
    try {
      await until(`${uploadId}: receiving, 0 of ${file.bytes.length} bytes`);
      await calls.chunk.mutate({ ...file.fields(uploadId, 0), data: file.piece(0) });
      await until(`${uploadId}: receiving, ${8 * 1024 * KiB} of`);
      const [only, ...others] = await unfinished(trpc);
      expect(others).toEqual([]);
      expect(only).toMatchObject({ uploadId, text: 'emil.bin: 47 %' });
      await only?.discard();
      await until(`${uploadId}: aborted`);
      expect(await unfinished(trpc)).toEqual([]);
    } finally {
      stop();
      vi.unstubAllGlobals();
    }
  });
});
