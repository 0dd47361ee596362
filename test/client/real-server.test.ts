import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { createUploader, uploadLink } from '../../client/index.js';
import { connect, endpointOf, fileSource, filesUnder } from '../../client/node/index.js';
import { MiB } from '../../contract/index.js';
import { startServer, type TestRouter } from '../support/server.js';
import { bytesOf, temporaryFolder } from './support/setup.js';

/** The same server below a path. */
async function below(prefix: string, server: http.Server) {
  const front = http.createServer((req, res) => {
    if (req.url?.startsWith(`${prefix}/`)) req.url = req.url.slice(prefix.length);
    server.emit('request', req, res);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

describe('with the real server', () => {
  it('createUploader takes the typed client of an app, and a file arrives whole', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: path.join(folder.path, 'root') });
    const { url } = server;
    const trpc = createTRPCClient<TestRouter>({ links: [uploadLink({ url }), httpBatchLink({ url })] });
    await using uploader = createUploader(trpc.uploads);
    const bytes = bytesOf(20 * MiB + 5);
    const result = await uploader.upload(new File([new Uint8Array(bytes)], 'a.bin'));
    const stored = await fs.readFile(path.join(server.root, result.path));
    expect(stored.equals(bytes)).toBe(true);
    expect(await uploader.upload(new File([new Uint8Array(bytes)], 'a.bin'))).toMatchObject({
      ...{ uploadId: result.uploadId, resumed: true, sentBytes: 0 },
    });
  });

  it('a type that the policy refuses fails before a byte is read; a file is of the type that its name says', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({
      root: path.join(folder.path, 'root'),
      policies: { photos: { types: ['image/*'] } },
    });
    await folder.file('a.txt', bytesOf(10));
    await folder.file('a.png', bytesOf(10));
    await using proxy = await below('/trpc', server.server);
    await using connection = connect({ url: proxy.url });
    const text = await fileSource(path.join(folder.path, 'a.txt'));
    const unread = { ...text, path: undefined, read: () => Promise.reject(new Error('read')) };
    const refused = await connection.uploader.upload(unread, { policy: 'photos' }).catch((error) => error);
    expect(refused).toMatchObject({
      code: 'TYPE_REFUSED',
      message: 'a.txt is text/plain; accepted are: image/*.',
    });
    const photo = await fileSource(path.join(folder.path, 'a.png'));
    expect(await connection.uploader.upload(photo, { policy: 'photos' })).toMatchObject({
      status: 'completed',
    });
  });

  it('connect needs no types: files of a folder, hashed in threads, listed afterwards', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: path.join(folder.path, 'root') });
    const contents = new Map([
      ['in/a', bytesOf(20 * MiB)],
      ['in/b/c', bytesOf(100)],
      ['in/empty', bytesOf(0)],
    ]);
    for (const [name, bytes] of contents) await folder.file(name, bytes);
    await using proxy = await below('/trpc', server.server);
    await using connection = connect({ url: proxy.url, headers: { 'x-test-owner': 'bob' } });
    const settled = await connection.uploader.uploadAll(filesUnder(path.join(folder.path, 'in')));
    expect(settled.map(({ status, relativePath }) => [status, relativePath])).toEqual(
      [...contents.keys()].map((name) => ['completed', name]),
    );
    for (const one of settled) {
      if (one.status !== 'completed') throw one.error;
      const stored = await fs.readFile(path.join(server.root, one.result.path));
      expect(stored.equals(contents.get(one.relativePath ?? '') ?? bytesOf(1))).toBe(true);
    }
    const { items } = await connection.uploads.list.query({});
    expect(items).toHaveLength(3);
  });

  it('a file from before 1970 is a file', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: path.join(folder.path, 'root') });
    const file = await folder.file('old', 'x');
    await fs.utimes(file, new Date('1960-01-01'), new Date('1960-01-01'));
    const { url } = server;
    const trpc = createTRPCClient<TestRouter>({ links: [uploadLink({ url }), httpBatchLink({ url })] });
    await using uploader = createUploader(trpc.uploads);
    expect(await uploader.upload(await fileSource(file))).toMatchObject({ status: 'completed' });
  });

  it('a cancelled upload goes on in another run, with the last received chunk sent again', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: path.join(folder.path, 'root') });
    const bytes = bytesOf(40 * MiB);
    const file = await folder.file('a', bytes);
    const { url } = server;
    const trpc = createTRPCClient<TestRouter>({ links: [uploadLink({ url }), httpBatchLink({ url })] });
    await using uploader = createUploader(trpc.uploads, { concurrency: 1 });
    const task = uploader.add(await fileSource(file));
    await new Promise<void>((resolve) => {
      task.subscribe(() => task.state.chunks === 2 && resolve());
    });
    await task.cancel();
    const result = await uploader.upload(await fileSource(file));
    expect(result).toMatchObject({ resumed: true, uploadId: task.state.uploadId });
    const stored = await fs.readFile(path.join(server.root, result.path));
    expect(stored.equals(bytes)).toBe(true);
    expect(result.sentBytes).toBeLessThanOrEqual(32 * MiB);
    expect(result.sentBytes).toBeGreaterThanOrEqual(8 * MiB);
  });
});

describe('endpointOf', () => {
  it.each([
    ['http://h:1', 'http://h:1/trpc'],
    ['http://h:1/', 'http://h:1/trpc'],
    ['http://h:1/api/x', 'http://h:1/api/x'],
  ])('%s means %s', (url, endpoint) => {
    expect(endpointOf(url).href).toBe(endpoint);
  });
});
