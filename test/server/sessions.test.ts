import fs from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../contract/index.js';
import { startServer, type TestServer, temporaryFolder } from '../support/server.js';
import { randomFile, request, sha256, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;
const small = { policies: { default: { threshold: CHUNK, chunkSize: CHUNK } } };

describe.each(['in-place', 'multi-file'] as const)('sessions, %s', (store) => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  let client: ReturnType<typeof wireClient>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startServer({ root: folder.path, store, ...small });
    client = wireClient(server.url);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const stored = (published: string) => fs.readFile(path.join(folder.path, published));

  async function sendAll(file: ReturnType<typeof randomFile>, uploadId: string) {
    const answers = [];
    for (let index = 0; index < file.plan.total; index++)
      answers.push(await client.chunk(file.fields(uploadId, index), file.piece(index)));
    return answers.at(-1)?.data as { status: string; path: string };
  }

  it('accepts one of two contents for one index', async () => {
    for (let round = 0; round < 8; round++) {
      const one = randomFile(2 * CHUNK, CHUNK);
      const other = randomFile(2 * CHUNK, CHUNK);
      const { uploadId } = (await client.init({ ...one.input(`conflict-${round}`), hash: null })).data;
      const answers = await Promise.all(
        [one, other].map((file) => client.chunk(file.fields(uploadId, 0), file.piece(0))),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
      const winner = answers[0]?.status === 200 ? one : other;
      const loser = winner === one ? other : one;
      const refused = answers.find((answer) => answer.status === 409);
      expect(refused?.upload).toMatchObject({
        code: 'CHUNK_CONFLICT',
        retryable: false,
        index: 0,
        expected: sha256(winner.piece(0)),
        received: sha256(loser.piece(0)),
      });
      const { data } = await client.chunk(winner.fields(uploadId, 1), winner.piece(1));
      expect(data).toMatchObject({ status: 'completed', hash: winner.hash });
      expect(Buffer.compare(await stored((data as { path: string }).path), winner.bytes)).toBe(0);
    }
  });

  it('accepts one of two contents where the other sender dies in the middle', async () => {
    const one = randomFile(2 * CHUNK, CHUNK);
    const other = randomFile(2 * CHUNK, CHUNK);
    const { uploadId } = (await client.init({ ...one.input('half'), hash: null })).data;
    const controller = new AbortController();
    // Sends half of its body, then dies.
    const half = new ReadableStream({
      async start(stream) {
        stream.enqueue(other.piece(0).subarray(0, CHUNK / 2));
        controller.signal.addEventListener('abort', () => stream.error(new Error('gone')));
      },
    });
    const dying = fetch(`${server.url}/uploads.chunk`, {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(other.fields(uploadId, 0))),
      },
      body: half,
      duplex: 'half',
      signal: controller.signal,
    } as RequestInit).catch((error: unknown) => error);
    const accepted = await client.chunk(one.fields(uploadId, 0), one.piece(0));
    expect(accepted.status).toBe(200);
    controller.abort();
    expect(await dying).toBeInstanceOf(Error);
    const { data } = await client.chunk(one.fields(uploadId, 1), one.piece(1));
    expect(Buffer.compare(await stored((data as { path: string }).path), one.bytes)).toBe(0);
  });

  it('gives racing inits of one file the same session', async () => {
    const file = randomFile(MiB, CHUNK);
    const inits = await Promise.all(Array.from({ length: 12 }, () => client.init(file.input('race'))));
    expect(inits.map((init) => init.message)).toEqual(inits.map(() => undefined));
    expect(new Set(inits.map((init) => init.data.uploadId)).size).toBe(1);
    const bob = await wireClient(server.url, 'bob').init(file.input('race'));
    expect(bob.data.uploadId).not.toBe(inits[0]?.data.uploadId);
  });

  it('answers a second upload of a completed file at once, and takes it anew after the file was deleted', async () => {
    const file = randomFile(MiB, CHUNK);
    const first = (await client.init(file.input('again'))).data;
    const done = await sendAll(file, first.uploadId);
    const second = (await client.init(file.input('again'))).data;
    expect(second).toMatchObject({
      status: 'completed',
      uploadId: first.uploadId,
      path: done.path,
      hash: file.hash,
    });

    await fs.rm(path.join(folder.path, done.path));
    const third = (await client.init(file.input('again'))).data;
    expect(third).toMatchObject({ status: 'receiving', receivedChunks: 0 });
    expect(third.uploadId).not.toBe(first.uploadId);
    expect((await client.query('resume', { uploadId: first.uploadId })).data).toMatchObject({
      status: 'gone',
    });
    expect(await sendAll(file, third.uploadId)).toMatchObject({ status: 'completed' });
  });

  it('stores equal files under other names without a byte sent, as files of their own', async () => {
    const file = randomFile(MiB, CHUNK);
    const done = await sendAll(file, (await client.init(file.input('one'))).data.uploadId);
    const copy = (await client.init({ ...file.input('two'), relativePath: 'folder/two' })).data as {
      status: string;
      path: string;
      uploadId: string;
    };
    expect(copy).toMatchObject({ status: 'completed', name: 'two', receivedBytes: MiB, hash: file.hash });
    expect(copy.path).not.toBe(done.path);
    await fs.rm(path.join(folder.path, done.path));
    expect(Buffer.compare(await stored(copy.path), file.bytes)).toBe(0);
  });

  it('asks for the chunks again that a damaged original does not give', async () => {
    const file = randomFile(MiB, CHUNK);
    const done = await sendAll(file, (await client.init(file.input('original'))).data.uploadId);
    const damaged = Buffer.from(file.bytes);
    damaged[CHUNK + 5] = (damaged[CHUNK + 5] ?? 0) ^ 1;
    await fs.writeFile(path.join(folder.path, done.path), damaged);
    const copy = (await client.init(file.input('copy'))).data;
    expect(copy).toMatchObject({ status: 'receiving', missing: [[1, 1]], receivedChunks: 3 });
    const { data } = await client.chunk(file.fields(copy.uploadId, 1), file.piece(1));
    expect(data).toMatchObject({ status: 'completed' });
    expect(Buffer.compare(await stored((data as { path: string }).path), file.bytes)).toBe(0);
  });

  it('derives the hash of a file that is hashed while it is sent, and finds it by id only', async () => {
    const file = randomFile(3 * CHUNK - 1, CHUNK);
    const { uploadId, hash } = (await client.init({ ...file.input('during'), hash: null })).data;
    expect(hash).toBeNull();
    await client.chunk(file.fields(uploadId, 2), file.piece(2));
    const resumed = await client.query('resume', { uploadId });
    expect(resumed.data).toMatchObject({ receivedChunks: 1, lastReceived: 2, missing: [[0, 1]] });
    const other = await client.init({ ...file.input('during'), hash: null });
    expect(other.data.uploadId).not.toBe(uploadId);
    expect(await sendAll(file, uploadId)).toMatchObject({ status: 'completed', hash: file.hash });
  });

  it('fails an upload whose chunks do not add up to the declared hash', async () => {
    const file = randomFile(2 * CHUNK, CHUNK);
    const wrong = `${'0'.repeat(64)}-2`;
    const { uploadId } = (await client.init({ ...file.input('wrong'), hash: wrong })).data;
    const last = await sendAll(file, uploadId);
    expect(last).toMatchObject({ status: 'failed', error: { code: 'FILE_HASH_MISMATCH', retryable: false } });
    await expect(fs.stat(path.join(folder.path, 'files', uploadId))).rejects.toThrow('ENOENT');
    expect((await client.init({ ...file.input('wrong'), hash: wrong })).data.uploadId).not.toBe(uploadId);
  });

  it('resumes by content, with the last received chunk and what is missing', async () => {
    const file = randomFile(6 * CHUNK, CHUNK);
    const { uploadId } = (await client.init(file.input('resume'))).data;
    for (const index of [4, 1]) await client.chunk(file.fields(uploadId, index), file.piece(index));
    const expected = {
      uploadId,
      receivedChunks: 2,
      lastReceived: 1,
      missing: [
        [0, 0],
        [2, 3],
        [5, 5],
      ],
    };
    expect((await client.init(file.input('resume'))).data).toMatchObject(expected);
    const byContent = await client.query('resume', { hash: file.hash, size: 6 * CHUNK, chunkSize: CHUNK });
    expect(byContent.data).toMatchObject(expected);
    const policy = await client.query('policy', { size: 6 * CHUNK });
    expect(policy.data).toMatchObject({ resumable: [CHUNK], plan: { total: 6 }, threshold: CHUNK });

    // Sent again though complete: the same answer, and the same bytes.
    const again = await client.chunk(file.fields(uploadId, 1), file.piece(1));
    expect(again.data).toMatchObject({ receivedChunks: 2, receivedBytes: 2 * CHUNK });
  });

  it('lists the owner’s uploads, newest first, page by page', async () => {
    const carol = wireClient(server.url, 'carol');
    const ids: string[] = [];
    for (let n = 0; n < 5; n++)
      ids.push((await carol.init(randomFile(10, 10).input(`list-${n}`))).data.uploadId);
    type Page = { items: { uploadId: string }[]; nextCursor?: string };
    const first = (await carol.query<Page>('list', { limit: 3 })).data;
    const second = (await carol.query<Page>('list', { limit: 3, cursor: first.nextCursor })).data;
    const listed = [...first.items, ...second.items].map((item) => item.uploadId);
    expect(second.nextCursor).toBeUndefined();
    expect(listed.sort()).toEqual(ids.sort());
    expect((await carol.query<Page>('list', { status: 'completed' })).data.items).toEqual([]);
    expect((await carol.query('list', { cursor: 'nonsense' })).upload?.code).toBe('INPUT_INVALID');
  });

  it('keeps odd names as text, inside the upload’s own folder', async () => {
    const names = [
      '../../../etc/passwd',
      '/etc/passwd',
      '..\\..\\windows',
      'C:\\boot.ini',
      '.',
      '..',
      'a\0b',
      'line\r\nbreak',
      'CON',
      'aux.txt',
      'a'.repeat(4096),
      '\u202Egnp.exe',
      'e\u0301',
      '\u00e9',
      '\ud83d\ude00.png',
      '\ud800',
      ' lead and trail. ',
      '%2e%2e%2f',
      '-rf',
      '~',
      'a:b',
    ];
    for (const name of names) {
      const file = randomFile(100, 100);
      const { uploadId } = (await client.init(file.input(name))).data;
      const { data } = await client.chunk(file.fields(uploadId, 0), file.bytes);
      const { path: published } = data as { path: string };
      expect(published.startsWith(`files/${uploadId}/`)).toBe(true);
      expect(published.split('/')).toHaveLength(3);
      expect(Buffer.compare(await stored(published), file.bytes)).toBe(0);
      const view = await client.query<{ name: string }>('resume', { uploadId });
      expect(view.data.name).toBe(name);
    }
    expect((await client.init(randomFile(1, 1).input('a'.repeat(4097)))).upload?.code).toBe('INPUT_INVALID');
    expect((await fs.readdir(folder.path)).sort()).toEqual(
      expect.arrayContaining(['chunkwise.db', 'chunkwise.lock', 'files', 'staging']),
    );
  });

  it('answers a batch of calls, but not more than a hundred', async () => {
    const batch = (count: number) =>
      request(
        `${server.url}/${Array.from({ length: count }, () => 'uploads.policy').join(',')}?batch=1&input=${encodeURIComponent(
          JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [n, {}]))),
        )}`,
      );
    expect((await batch(100)).status).toBe(200);
    expect((await batch(101)).status).toBe(400);
  });
});

describe('policies', () => {
  it('refuse what they do not allow, with what they do', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({
      root: folder.path,
      quota: { maxBytes: 3 * MiB, maxUploads: 2 },
      policies: {
        default: { threshold: CHUNK, chunkSize: CHUNK },
        photos: {
          types: ['image/*'],
          maxFileSize: MiB,
          authorize: ({ name }) => name !== 'secret.png' || 'Not this one.',
        },
      },
    });
    const client = wireClient(server.url);
    const file = randomFile(MiB, CHUNK);
    const init = (input: object) => client.init({ ...file.input(), ...input } as never);

    expect((await init({ policy: 'nope' })).message).toBe(
      'This server has no such policy. It has: default, photos.',
    );
    expect((await init({ policy: 'photos', size: MiB + 1 })).upload).toMatchObject({
      code: 'FILE_TOO_LARGE',
      expected: MiB,
      received: MiB + 1,
    });
    expect((await init({ policy: 'photos', type: 'text/html' })).upload).toMatchObject({
      code: 'TYPE_REFUSED',
      expected: 'image/*',
    });
    expect((await init({ policy: 'photos' })).status).toBe(415);
    const secret = { ...randomFile(5, 5).input('secret.png'), policy: 'photos', type: 'IMAGE/PNG; q=1' };
    const refused = await client.init(secret);
    expect(refused).toMatchObject({ status: 403, message: 'Not this one.', upload: { code: 'REFUSED' } });
    expect((await init({ metadata: { text: 'x'.repeat(17 * KiB) } })).upload?.code).toBe(
      'METADATA_TOO_LARGE',
    );
    expect((await init({ chunkSize: 1000 })).upload).toEqual({
      code: 'PLAN_MISMATCH',
      retryable: false,
      plan: { mode: 'chunked', chunkSize: CHUNK, total: 4 },
    });
    expect((await init({ hash: `${'0'.repeat(64)}-5` })).upload?.code).toBe('PLAN_MISMATCH');

    expect((await init({})).status).toBe(200);
    expect((await client.init(randomFile(2 * MiB + 1, CHUNK).input('big'))).upload).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      retryable: false,
    });
    expect((await client.init(randomFile(2 * MiB, CHUNK).input('fits'))).status).toBe(200);
    expect((await client.init(randomFile(0, 1).input('third'))).status).toBe(429);
    expect((await wireClient(server.url, 'bob').init(file.input())).status).toBe(200);
  });
});
