import { randomBytes } from 'node:crypto';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { openBelow, startApp, until } from '../support/served-file.js';

test('an HTTP/2 client that left before its answer costs no descriptor, and is not waited for', async () => {
  await using app = await startApp();
  const id = await app.upload(randomBytes(MiB));
  let session: http2.ClientHttp2Session | undefined;
  const served = new Promise<unknown>((resolve) => {
    const server = http2.createServer(async (req, res) => {
      const closed = new Promise((done) => req.stream.once('close', done));
      session?.destroy();
      await closed;
      app.files.serve(req, res, { id, owner: 'ann' }).then(resolve, resolve);
      server.close();
    });
    server.listen(0, '127.0.0.1', () => {
      session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      session.on('error', () => {});
      session.request({}).on('error', () => {});
    });
  });
  expect(await served).toBeUndefined();
  await until(() => openBelow(app.folder.path).length === 0);
});

test('a request that is aborted before its body is asked for ends nothing but itself', async () => {
  await using app = await startApp();
  const id = await app.upload(randomBytes(MiB));
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    for (const when of ['before', 'after'] as const) {
      const gone = new AbortController();
      const asked = new Request('http://app/x', { signal: gone.signal });
      if (when === 'before') gone.abort();
      const answer = await app.files.serve(asked, { id, owner: 'ann' });
      gone.abort();
      await until(() => openBelow(app.folder.path).length === 0);
      await new Promise((resolve) => setImmediate(resolve));
      expect(uncaught).toEqual([]);
      await expect(answer.arrayBuffer()).rejects.toThrow();
    }
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  }
});
