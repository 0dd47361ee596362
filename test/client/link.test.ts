import { createTRPCClient, httpBatchLink, httpLink, TRPCClientError } from '@trpc/client';
import superjson from 'superjson';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createUploader,
  fetchSender,
  ON_UPLOAD_PROGRESS,
  toUploadError,
  uploadLink,
} from '../../client/index.js';
import { nodeSender } from '../../client/node/index.js';
import {
  CHUNK_HEADER,
  fileHashOf,
  fromHex,
  MAX_CHUNK_HEADER_BYTES,
  UploadError,
} from '../../contract/index.js';
import { type PlainRouter, type SuperRouter, startServer } from './support/server.js';
import { sha256 } from './support/sessions.js';
import { bytesOf } from './support/setup.js';

const DATA = bytesOf(5000);
const HASH = sha256(DATA);
const fileHash = await fileHashOf(fromHex(HASH), (bytes) => fromHex(sha256(bytes)));
const INIT = { name: 'a', size: 5000, chunkSize: 5000, hash: fileHash };
const chunkOf = (uploadId: string, data: Blob | Uint8Array = DATA) => ({
  ...{ uploadId, index: 0, offset: 0, size: 5000, total: 1, hash: HASH },
  data,
});

async function withPlain(options: Partial<Parameters<typeof uploadLink<PlainRouter>>[0]> = {}) {
  const server = await startServer();
  const { url } = server;
  const trpc = createTRPCClient<PlainRouter>({
    links: [uploadLink({ url, ...options }), httpBatchLink({ url })],
  });
  return { server, trpc, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('uploadLink', () => {
  it.each([
    ['a Uint8Array', DATA],
    ['a Blob', new Blob([new Uint8Array(DATA)])],
  ])('sends %s as the body, with its fields in one short header', async (_, data) => {
    await using test = await withPlain();
    const { uploadId } = await test.trpc.uploads.init.mutate(INIT);
    const answer = await test.trpc.uploads.chunk.mutate(chunkOf(uploadId, data));
    expect(answer).toMatchObject({ status: 'completed', receivedChunks: 1 });
    const sent = test.server.chunkLog()[0];
    expect(sent).toMatchObject({ path: 'uploads.chunk', bodyBytes: 5000 });
    expect(sent?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '5000',
    });
    expect(String(sent?.headers[CHUNK_HEADER]).length).toBeLessThan(MAX_CHUNK_HEADER_BYTES);
  });

  it('asks for its headers before each request', async () => {
    let asked = 0;
    await using test = await withPlain({ headers: async () => ({ authorization: `Bearer ${++asked}` }) });
    const { uploadId } = await test.trpc.uploads.init.mutate(INIT);
    for (let i = 0; i < 2; i++) await test.trpc.uploads.chunk.mutate(chunkOf(uploadId));
    expect(test.server.chunkLog().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer 1',
      'Bearer 2',
    ]);
  });

  it('keeps a header that is too long to itself', async () => {
    await using test = await withPlain();
    const failing = test.trpc.uploads.chunk.mutate(chunkOf('x'.repeat(MAX_CHUNK_HEADER_BYTES)));
    expect(toUploadError(await failing.catch((error) => error)).code).toBe('INPUT_INVALID');
    expect(test.server.chunkLog()).toEqual([]);
  });

  it('answers errors of the procedure as tRPC errors with data.upload', async () => {
    await using test = await withPlain();
    const { uploadId } = await test.trpc.uploads.init.mutate(INIT);
    const failing = test.trpc.uploads.chunk.mutate({ ...chunkOf(uploadId), hash: '0'.repeat(64) });
    const error = await failing.catch((error) => error);
    expect(error).toBeInstanceOf(TRPCClientError);
    expect(error.data).toMatchObject({ httpStatus: 409, upload: { code: 'CHUNK_HASH_MISMATCH', index: 0 } });
  });

  it('calls an unreachable server NETWORK, and an abort an AbortError', async () => {
    const trpc = createTRPCClient<PlainRouter>({ links: [uploadLink({ url: 'http://127.0.0.1:1/trpc' })] });
    const refused = await trpc.uploads.chunk.mutate(chunkOf('x')).catch((error) => error);
    expect(refused).toBeInstanceOf(TRPCClientError);
    expect(refused.cause).toMatchObject({ code: 'NETWORK', retryable: true });
    const aborted = await trpc.uploads.chunk
      .mutate(chunkOf('x'), { signal: AbortSignal.abort() })
      .catch((error) => error);
    expect(aborted.cause.name).toBe('AbortError');
    expect(toUploadError(aborted).code).toBe('CANCELLED');
  });

  it('tells progress to the operation that asks for it', async () => {
    await using sender = nodeSender();
    await using test = await withPlain({ send: sender.send });
    const { uploadId } = await test.trpc.uploads.init.mutate(INIT);
    const seen: number[] = [];
    const context = { [ON_UPLOAD_PROGRESS]: (sent: number) => seen.push(sent) };
    await test.trpc.uploads.chunk.mutate(chunkOf(uploadId), { context });
    expect(seen).toEqual([5000]);
  });

  it.each([
    ['fetch', fetchSender()],
    ['node:http', undefined],
  ])('works under a transformer and a custom error formatter, by %s', async (_, fetching) => {
    await using sender = nodeSender();
    const send = fetching ?? sender.send;
    await using server = await startServer({
      fault: ({ index, attempt }) =>
        index === 1 && attempt === 1 ? { error: new UploadError('SERVER_BUSY') } : undefined,
    });
    const options = { url: server.superUrl, transformer: superjson };
    const trpc = createTRPCClient<SuperRouter>({
      links: [uploadLink({ ...options, send }), httpBatchLink(options)],
    });
    await using uploader = createUploader(trpc.uploads, { minBackoffMs: 0, maxBackoffMs: 0 });
    const bytes = bytesOf(20_000);
    const result = await uploader.upload(bytes, { name: 'a' });
    expect(result).toMatchObject({ status: 'completed', retries: 1 });
    expect(server.sessions.content(server.sessions.get(result.uploadId)).equals(bytes)).toBe(true);

    const unknown = trpc.uploads.resume.query({ uploadId: '01J0000000000000000000ZZZZ' });
    const error = await unknown.catch((error) => error);
    expect(toUploadError(error)).toMatchObject({ code: 'UPLOAD_NOT_FOUND', retryable: false });
    const wrong = await trpc.uploads.chunk
      .mutate(chunkOf('01J0000000000000000000ZZZZ'))
      .catch((error) => error);
    expect(wrong.data.upload.code).toBe('UPLOAD_NOT_FOUND');
  });
});

describe('on a page, which has XMLHttpRequest', () => {
  afterEach(() => vi.unstubAllGlobals());
  const chosen = async (options: Partial<Parameters<typeof uploadLink<PlainRouter>>[0]>) => {
    let used = false;
    const XMLHttpRequest = class {
      constructor() {
        used = true;
        throw new Error('used');
      }
    };
    vi.stubGlobal('XMLHttpRequest', XMLHttpRequest);
    await using test = await withPlain(options);
    const { uploadId } = await test.trpc.uploads.init.mutate(INIT);
    await test.trpc.uploads.chunk.mutate(chunkOf(uploadId)).catch(() => {});
    return used;
  };

  it('chunks are sent by it, unless another way is given', async () => {
    expect(await chosen({})).toBe(true);
    expect(await chosen({ fetch })).toBe(false);
    expect(await chosen({ send: fetchSender() })).toBe(false);
  });
});

describe('without uploadLink, or with it too late', () => {
  it.each([
    ['one call at a time', httpLink, DATA],
    ['batches', httpBatchLink, DATA],
    ['a Blob', httpBatchLink, new Blob([new Uint8Array(DATA)])],
  ])('an upload fails at once, and says why: %s', async (_, link, source) => {
    await using server = await startServer();
    const { url } = server;
    for (const links of [[link({ url })], [link({ url }), uploadLink<PlainRouter>({ url })]]) {
      const trpc = createTRPCClient<PlainRouter>({ links });
      await using uploader = createUploader(trpc.uploads);
      await expect(uploader.upload(source, { name: 'a' })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('`uploadLink` is missing, or stands after another link'),
      });
    }
    expect(server.chunkLog()).toEqual([]);
  });

  it.each([
    ['bytes', DATA],
    ["a file of Node's", Buffer.from(DATA)],
    ['a Blob', new Blob([new Uint8Array(DATA)])],
  ])('under superjson, which makes text of bytes: %s', async (_, source) => {
    await using server = await startServer();
    const options = { url: server.superUrl, transformer: superjson };
    const trpc = createTRPCClient<SuperRouter>({ links: [httpBatchLink(options)] });
    await using uploader = createUploader(trpc.uploads);
    await expect(uploader.upload(source, { name: 'a' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('`uploadLink` is missing, or stands after another link'),
    });
    expect(server.chunkLog()).toEqual([]);
  });
});
