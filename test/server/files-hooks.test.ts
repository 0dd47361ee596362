import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { createUploader, uploadLink } from '../../client/index.js';
import { KiB, SERVER_DEFAULTS, type UploadView } from '../../contract/index.js';
import type { Files } from '../../server/files.js';
import { manualClock } from '../support/clock.js';
import { startServer, type TestRouter, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;

interface HookFile {
  path: string;
  absolutePath: string;
}

/** A server whose `completed` hook does what the test says with the upload and `uploads.files`. */
async function setUp(
  completed: (id: string, files: Files, file: HookFile, call: number) => unknown,
  options: object = {},
) {
  const folder = await temporaryFolder();
  let calls = 0;
  const late: { files?: Files } = {};
  const server = await startServer({
    root: path.join(folder.path, 'root'),
    ...options,
    policies: {
      default: {
        threshold: CHUNK,
        chunkSize: CHUNK,
        completed: ({ uploadId }: { uploadId: string }, file: HookFile) =>
          completed(uploadId, late.files as Files, file, ++calls),
      } as object,
    },
  });
  late.files = server.uploads.files;
  const file = randomFile(2 * CHUNK + 9, CHUNK);
  const client = wireClient(server.url);
  return {
    ...{ folder, server, file, client, to: (name: string) => path.join(folder.path, 'app', name) },
    calls: () => calls,
    view: async (uploadId: string) => (await client.query<UploadView>('resume', { uploadId })).data,
    /** Sends the whole file by hand. @returns the completing answer, and the last chunk sent once more */
    async send() {
      const { uploadId } = (await client.init(file.input())).data;
      for (const index of [0, 1]) await client.chunk(file.fields(uploadId, index), file.piece(index));
      const last = () => client.chunk(file.fields(uploadId, 2), file.piece(2));
      return { uploadId, answer: await last(), again: last };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The client, with answers to chunks that get lost as `lose` says; the request has done its work. */
function uploaderOf(url: string, lose: (chunks: number) => boolean = () => false) {
  let chunks = 0;
  const losing: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!String(input).includes('uploads.chunk')) return answer;
    const body = await answer.arrayBuffer();
    if (lose(++chunks)) throw new TypeError('the connection was reset');
    return new Response(body, answer);
  };
  const trpc = createTRPCClient<TestRouter>({
    links: [uploadLink({ url, fetch: losing }), httpBatchLink({ url })],
  });
  return createUploader(trpc.uploads, { concurrency: 1 });
}

describe('a `completed` hook that moves the file', () => {
  it('is a success for the sender, with its data, whenever and however he asks', async () => {
    await using test = await setUp(async (id, files) => {
      await files.move(id, test.to(id));
      return { moved: true };
    });
    const { uploadId, answer, again } = await test.send();
    const done = {
      status: 'gone',
      path: `files/${uploadId}/file.bin`,
      hash: test.file.hash,
      data: { moved: true },
    };
    expect(answer.data).toMatchObject(done);
    expect(answer.data).not.toHaveProperty('hookPending');
    expect(readFileSync(test.to(uploadId)).equals(test.file.bytes)).toBe(true);
    expect(await test.view(uploadId)).toMatchObject(done);
    expect((await test.client.query('list', { status: 'gone' })).data).toMatchObject({ items: [done] });
    expect((await again()).upload).toMatchObject({ code: 'UPLOAD_CLOSED', status: 'gone', path: done.path });
    expect(test.calls()).toBe(1);

    const next = (await test.client.init(test.file.input())).data;
    expect(next).toMatchObject({ status: 'receiving', receivedChunks: 0 });
    expect(next.uploadId).not.toBe(uploadId);
  });

  it.each([0, 1, 2, 3])(
    'ends as completed for the client, also where %i answers to the last chunk are lost',
    async (lost) => {
      await using test = await setUp(async (id, files) => {
        await files.move(id, test.to(id));
        return { moved: true };
      });
      await using uploader = uploaderOf(test.server.url, (chunks) => chunks > 2 && chunks <= 2 + lost);
      const result = await uploader.upload(new File([new Uint8Array(test.file.bytes)], 'a.bin'));
      expect(result).toMatchObject({
        status: 'completed',
        path: `files/${result.uploadId}/a.bin`,
        hash: test.file.hash,
        data: { moved: true },
      });
      expect(readFileSync(test.to(result.uploadId)).equals(test.file.bytes)).toBe(true);
      expect(test.calls()).toBe(1);
    },
  );

  it('is waited for where the answer said `assembling`', async () => {
    await using test = await setUp(
      async (id, files) => {
        await files.move(id, test.to(id));
        return { moved: true };
      },
      { completionWaitMs: 0 },
    );
    await using uploader = uploaderOf(test.server.url);
    expect(await uploader.upload(new File([new Uint8Array(test.file.bytes)], 'a.bin'))).toMatchObject({
      status: 'completed',
    });
  });

  it('is a success of an `init` that completes by a copy, too', async () => {
    await using test = await setUp(async (id, files, _, call) => {
      if (call > 1) await files.move(id, test.to(id));
      return { call };
    });
    await test.send();
    const copy = (await test.client.init(test.file.input('another name'))).data;
    expect(copy).toMatchObject({ status: 'gone', data: { call: 2 } });
    await using uploader = uploaderOf(test.server.url);
    expect(await uploader.upload(new File([new Uint8Array(test.file.bytes)], 'third'))).toMatchObject({
      ...{ status: 'completed', sentBytes: 0, data: { call: 3 } },
    });
    expect(readFileSync(test.to(copy.uploadId)).equals(test.file.bytes)).toBe(true);
  });

  it('and fails afterwards is called again, finds the file where it is, and gives its data then', async () => {
    const clock = manualClock();
    const places: string[] = [];
    await using test = await setUp(
      async (id, files, file, call) => {
        places.push(file.absolutePath);
        await files.move(id, test.to(id));
        if (call < 3) throw new Error(`secret reason ${call}`);
        return { size: (await fs.stat(file.absolutePath)).size };
      },
      { clock },
    );
    const { uploadId, answer } = await test.send();
    expect(answer.data).toMatchObject({ status: 'gone', hookPending: true });
    expect(answer.data).not.toHaveProperty('data');
    expect(answer.text).not.toContain('secret');
    let view = await test.view(uploadId);
    while (view.status === 'gone' && view.hookPending) {
      // Rows of ended uploads are deleted some day, but not while their hook is due.
      await clock.advance(SERVER_DEFAULTS.hookBackoffMs);
      view = await test.view(uploadId);
    }
    expect(view).toMatchObject({ status: 'gone', data: { size: test.file.bytes.length } });
    const published = path.join(test.server.root, `files/${uploadId}/file.bin`);
    expect(places).toEqual([published, test.to(uploadId), test.to(uploadId)]);
  });

  it('that takes a name in use loses nothing: the upload stays completed, and the hook due', async () => {
    const clock = manualClock();
    await using test = await setUp((id, files) => files.move(id, test.to('taken')), { clock });
    await fs.mkdir(test.to(''));
    await fs.writeFile(test.to('taken'), 'precious');
    const { uploadId, answer } = await test.send();
    expect(answer.data).toMatchObject({ status: 'completed', hookPending: true });
    expect(await test.server.uploads.files.stat(uploadId)).toMatchObject({
      hook: {
        pending: true,
        attempts: 1,
        lastError: expect.stringContaining('There is something at the target already'),
      },
    });
    expect(readFileSync(test.to('taken'), 'utf8')).toBe('precious');
    await fs.rm(test.to('taken'));
    for (let view = await test.view(uploadId); view.status !== 'gone'; view = await test.view(uploadId))
      await clock.advance(SERVER_DEFAULTS.hookBackoffMs);
    expect(readFileSync(test.to('taken')).equals(test.file.bytes)).toBe(true);
  });
});

describe('a `completed` hook', () => {
  it('that removes the file has its data told all the same', async () => {
    await using test = await setUp(async (id, files) => ({ removed: await files.remove(id) }));
    const { uploadId, answer } = await test.send();
    expect(answer.data).toMatchObject({ status: 'gone', data: { removed: true } });
    expect(existsSync(path.join(test.server.root, 'files', uploadId))).toBe(false);
    await using uploader = uploaderOf(test.server.url);
    const sent = await uploader.upload(new File([new Uint8Array(test.file.bytes)], 'b'));
    expect(sent).toMatchObject({ status: 'completed', data: { removed: true } });
  });

  it('that has not succeeded is seen in every view, without its reason', async () => {
    const clock = manualClock();
    await using test = await setUp(
      (_id, _files, _file, call) => {
        if (call === 1) throw new Error('secret reason');
        return { call };
      },
      { clock },
    );
    const { uploadId, answer } = await test.send();
    const pending = { status: 'completed', hookPending: true };
    const list = await test.client.query<{ items: UploadView[] }>('list', {});
    const init = await test.client.init(test.file.input());
    for (const seen of [answer.data, list.data.items[0], init.data, await test.view(uploadId)])
      expect(seen).toMatchObject(pending);
    for (const { text } of [answer, list, init]) expect(text).not.toContain('secret');
    expect((await test.server.uploads.files.stat(uploadId))?.hook).toEqual({
      pending: true,
      attempts: 1,
      lastError: 'secret reason',
    });
    let view = await test.view(uploadId);
    while (view.status === 'completed' && view.hookPending) {
      await clock.advance(SERVER_DEFAULTS.hookBackoffMs);
      view = await test.view(uploadId);
    }
    expect(view).toMatchObject({ status: 'completed', data: { call: 2 } });
    expect((await test.server.uploads.files.stat(uploadId))?.hook).toEqual({
      pending: false,
      attempts: 2,
      lastError: null,
    });
  });
});
