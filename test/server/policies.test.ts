import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createUploader, uploadLink } from '../../client/index.js';
import { KiB } from '../../contract/index.js';
import { createUploads, policy } from '../../server/index.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const file = randomFile(300 * KiB, 300 * KiB);

async function serve(policies: Parameters<typeof startServer>[0]['policies']) {
  const folder = await temporaryFolder();
  const server = await startServer({ root: folder.path, policies: policies ?? {}, ownThreads: true });
  const client = wireClient(server.url);
  return {
    client,
    server,
    init: (more: object) => client.init({ ...file.input(), ...more }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('a named policy', () => {
  it('gives every hook the same metadata: what its schema made, as JSON keeps it', async () => {
    const seen: unknown[] = [];
    const dated = policy({
      input: z.object({
        day: z.iso.date().transform((day) => new Date(day)),
        tag: z.string().default('none'),
      }),
      authorize: ({ metadata }, stage) => {
        seen.push([stage, metadata]);
        return true;
      },
      beforePublish: ({ metadata }) => {
        seen.push(['staged', metadata]);
        return true;
      },
      completed: ({ metadata }) => ({ year: metadata.day.slice(0, 4), at: new Date(0) }),
    });
    await using test = await serve({ dated });
    const trpc = createTRPCClient<typeof test.server.router>({
      links: [uploadLink({ url: test.server.url }), httpBatchLink({ url: test.server.url })],
    });
    await using uploader = createUploader(trpc.uploads);
    const result = await uploader.upload(file.bytes, {
      name: 'a',
      policy: 'dated',
      metadata: { day: '2026-05-04' },
    });
    expect(result.data).toEqual({ year: '2026', at: '1970-01-01T00:00:00.000Z' });
    const metadata = { day: '2026-05-04T00:00:00.000Z', tag: 'none' };
    expect(seen).toEqual(['init', 'staged', 'publish'].map((stage) => [stage, metadata]));
  });

  it('may ask elsewhere whether metadata are right', async () => {
    const albums = new Set(['summer']);
    const input = z.object({ album: z.string().refine(async (name) => albums.has(name), 'no such album') });
    await using test = await serve({ photos: policy({ input }) });
    expect((await test.init({ policy: 'photos', metadata: { album: 'summer' } })).status).toBe(200);
    const refused = await test.init({ policy: 'photos', metadata: { album: 'winter' } });
    expect(refused).toMatchObject({ status: 400, upload: { code: 'INPUT_INVALID', retryable: false } });
    expect(refused.message).toBe('"metadata.album" is not valid: no such album.');
  });

  it.each<[string, object, string]>([
    ['a wrong name', { policy: 'foto' }, 'This server has no such policy. It has: default, photos.'],
    [
      'no metadata',
      { policy: 'photos' },
      '"metadata" is not valid: Invalid input: expected object, received undefined.',
    ],
    [
      'a missing field',
      { policy: 'photos', metadata: {} },
      '"metadata.album" is not valid: Invalid input: expected string, received undefined.',
    ],
    [
      'metadata that are no object',
      { policy: 'photos', metadata: 'album' },
      '"metadata" is not valid: Invalid input: expected record, received string.',
    ],
  ])('refuses %s with a sentence, and keeps nothing', async (_, input, message) => {
    await using test = await serve({ photos: policy({ input: z.object({ album: z.string() }) }) });
    const refused = await test.init(input);
    expect(refused).toMatchObject({ status: 400, message, upload: { code: 'INPUT_INVALID' } });
    expect((await test.client.query<{ items: unknown[] }>('list', {})).data.items).toEqual([]);
  });

  it('takes the same file for something else as another upload, which costs no bytes', async () => {
    const posts = policy({
      input: z.object({ post: z.number() }),
      completed: ({ metadata, uploadId }) => ({ post: metadata.post, uploadId }),
    });
    await using test = await serve({ posts });
    const trpc = createTRPCClient<typeof test.server.router>({
      links: [uploadLink({ url: test.server.url }), httpBatchLink({ url: test.server.url })],
    });
    await using uploader = createUploader(trpc.uploads);
    const send = (post: number) =>
      uploader.upload(file.bytes, { name: 'a', policy: 'posts', metadata: { post } });
    const first = await send(1);
    const second = await send(2);
    expect([first.data, second.data]).toEqual([
      { post: 1, uploadId: first.uploadId },
      { post: 2, uploadId: second.uploadId },
    ]);
    expect(second.uploadId).not.toBe(first.uploadId);
    expect([first.sentBytes, second.sentBytes]).toEqual([file.bytes.length, 0]);
    // Asked again, each is answered as it is.
    expect((await send(1)).uploadId).toBe(first.uploadId);
    expect((await send(2)).uploadId).toBe(second.uploadId);
  });

  it('has to be named where the default is closed, also after it was open, and whoever mounts the root as well', async () => {
    await using test = await serve({ default: false, photos: policy({}) });
    const refused = {
      status: 400,
      message: 'Name a `policy`: photos.',
      upload: { code: 'INPUT_INVALID' },
    };
    for (const input of [{}, { policy: 'default' }]) expect(await test.init(input)).toMatchObject(refused);
    expect((await test.init({ policy: 'photos' })).status).toBe(200);

    const { root } = test.server;
    const mounted: AsyncDisposable[] = [createUploads({ root, owner: 'shared' })];
    expect(await test.init({})).toMatchObject(refused);
    mounted.push(createUploads({ root, owner: 'shared', policies: { default: policy({}) } }));
    expect((await test.init({})).status).toBe(200);
    mounted.push(createUploads({ root, owner: 'shared', policies: { default: false } }));
    expect(await test.init({})).toMatchObject(refused);
    for (const uploads of mounted) await uploads[Symbol.asyncDispose]();
  });

  it('called default is the one that bare clients get', async () => {
    await using test = await serve({ default: policy({ maxFileSize: 10 }) });
    expect((await test.init({})).upload).toMatchObject({ code: 'FILE_TOO_LARGE', expected: 10 });
  });
});

it.each([
  [[], 'the list is empty. Leave `types` out to take every type.'],
  [
    ['image/png', '.pdf'],
    '".pdf" is no MIME type. Write it as in application/pdf or image/*, without parameters.',
  ],
  [['png'], '"png" is no MIME type.'],
  [['text/plain; charset=utf-8'], '"text/plain; charset=utf-8" is no MIME type.'],
  ['image/png', "they are no list: write types: ['image/*']."],
])('types that match nothing are refused at once: %j', (types, flaw) => {
  const policies = { photos: { types: types as string[] } };
  expect(() => createUploads({ root: '/nowhere', owner: 'shared', policies })).toThrow(
    `The types of policy "photos" can never match: ${flaw}`,
  );
});
