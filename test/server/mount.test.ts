import fs from 'node:fs/promises';
import path from 'node:path';
import { initTRPC } from '@trpc/server';
import { describe, expect, it } from 'vitest';
import { KiB } from '../../contract/index.js';
import type { UploadsContext } from '../../server/request.js';
import { createUploads } from '../../server/uploads.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;
const policies = { default: { threshold: CHUNK, chunkSize: CHUNK } };

/** What a disk that is unmounted for a while looks like. */
async function without(folder: string, run: () => Promise<void>) {
  await fs.rename(folder, `${folder}-away`);
  await run();
  await fs.rename(`${folder}-away`, folder);
}

describe.each(['in-place', 'multi-file'] as const)('a disk that is away for a while (%s)', (store) => {
  it('does not make completed uploads gone', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path, store, policies });
    const client = wireClient(server.url);
    const file = randomFile(2 * CHUNK, CHUNK);
    const { uploadId } = (await client.init(file.input())).data;
    for (const index of [0, 1]) await client.chunk(file.fields(uploadId, index), file.piece(index));
    await without(path.join(folder.path, 'files'), async () => {
      for (const answer of [await client.query('resume', { uploadId }), await client.init(file.input())])
        expect(answer.upload).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      const { files } = server.uploads;
      for (const call of [() => files.stat(uploadId), () => files.remove(uploadId)])
        await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
    expect((await client.query('resume', { uploadId })).data).toMatchObject({ status: 'completed' });
    expect((await client.init(file.input())).data).toMatchObject({ uploadId });
  });

  it('does not cost accepted chunks', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path, store, policies });
    const client = wireClient(server.url);
    const file = randomFile(3 * CHUNK, CHUNK);
    const { uploadId } = (await client.init(file.input())).data;
    const send = (index: number) => client.chunk(file.fields(uploadId, index), file.piece(index));
    await send(0);
    await without(path.join(folder.path, 'staging'), async () => {
      for (const answer of [await send(1), await client.init(file.input())])
        expect(answer.upload).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    });
    expect((await client.query('resume', { uploadId })).data).toMatchObject({ missing: [[1, 2]] });
    for (const index of [1, 2]) await send(index);
    const published = path.join(folder.path, 'files', uploadId, 'file.bin');
    expect(Buffer.compare(await fs.readFile(published), file.bytes)).toBe(0);
  });
});

/** Why a start is refused. */
async function refusal(options: { root: string; database: string }): Promise<unknown> {
  await using uploads = createUploads({ ...options, owner: 'shared' });
  return uploads.ready().then(
    () => null,
    (error: unknown) => error,
  );
}

describe('a database that lies elsewhere', () => {
  it('is used with its own root only, so that nothing is taken for deleted', async () => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, 'disk');
    const options = { root, database: path.join(folder.path, 'database', 'uploads.db'), policies };
    const file = randomFile(3 * CHUNK, CHUNK);
    let uploadId = '';
    {
      await using server = await startServer(options);
      const client = wireClient(server.url);
      uploadId = (await client.init(file.input())).data.uploadId;
      await client.chunk(file.fields(uploadId, 0), file.piece(0));
      // Another server beside it, by mistake.
      const other = { ...options, root: path.join(folder.path, 'other') };
      expect(await refusal(other)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    await without(root, async () => {
      // Twice: what the first start made must not satisfy the second.
      for (let start = 0; start < 2; start++)
        expect(String(await refusal(options))).toContain('is the disk mounted?');
      await fs.rm(root, { recursive: true });
    });
    await using server = await startServer(options);
    expect((await wireClient(server.url).query('resume', { uploadId })).data).toMatchObject({
      missing: [[1, 2]],
    });
  });
});

it('a start that fails says why, to who runs the server', async () => {
  await using folder = await temporaryFolder();
  const root = path.join(folder.path, 'file');
  await fs.writeFile(root, '');
  await using uploads = createUploads({ root, owner: 'shared' });
  await expect(uploads.ready()).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    // Alone: what clients are told in its place says nothing here.
    message: `${root} is not a folder. Choose a folder as root, or a path where one can be made.`,
  });
});

it('a context without `uploads.context(opts)` is told in words', async () => {
  await using folder = await temporaryFolder();
  const lines: unknown[] = [];
  const tell = (...line: unknown[]) => void lines.push(...line);
  await using uploads = createUploads({
    ...{ root: folder.path, owner: 'shared' },
    log: { info: tell, warn: tell, error: tell },
  });
  const t = initTRPC.context<UploadsContext>().create();
  const router = t.router({ uploads: uploads.procedures(t.procedure) });
  // A client asks again and again.
  for (let call = 0; call < 2; call++)
    await expect(router.createCaller({} as UploadsContext).uploads.list({})).rejects.toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
      message: expect.stringContaining('spread `...uploads.context(opts)`'),
      cause: { code: 'ADAPTER_MISSING', retryable: false },
    });
  expect(lines).toEqual([{ path: 'uploads.list' }, expect.stringContaining('spread `...uploads.context')]);
});
