import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { initTRPC } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import express from 'express';
import express4 from 'express4';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { describe, expect, it } from 'vitest';
import { KiB } from '../../contract/index.js';
import type { UploadsContext } from '../../server/request.js';
import { createUploads } from '../../server/uploads.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;

async function mount() {
  const folder = await temporaryFolder();
  const uploads = createUploads({
    root: folder.path,
    owner: 'shared',
    policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
  });
  const t = initTRPC.context<UploadsContext>().create();
  return {
    uploads,
    router: t.router({ uploads: uploads.procedures(t.procedure) }),
    async [Symbol.asyncDispose]() {
      await uploads.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Sends a file's only chunk through an Express app. */
async function throughExpress(
  make: typeof express,
  before: (make: typeof express) => express.Handler[],
  size = CHUNK,
) {
  await using mounted = await mount();
  const { uploads, router } = mounted;
  const trpc = createExpressMiddleware({ router, createContext: (opts) => uploads.context(opts) });
  const app = make();
  for (const handler of before(make)) app.use(handler);
  app.use('/trpc', uploads.express(), trpc as never);
  const server = http.createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = wireClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/trpc`);
  const file = randomFile(size, CHUNK);
  const { uploadId } = (await client.init(file.input())).data;
  const answer = await client.chunk(file.fields(uploadId, 0), file.bytes);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return answer;
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
] as const)('%s', (_, make) => {
  it('may parse JSON, forms and text before the hook', async () => {
    const answer = await throughExpress(make, ({ json, urlencoded, text }) => [json(), urlencoded(), text()]);
    expect(answer.data).toMatchObject({ status: 'completed' });
  });

  it('is told what is wrong where a parser took the binary body', async () => {
    const answer = await throughExpress(make, ({ json, raw }) => [json(), raw({ limit: '1mb' })]);
    expect(answer.status).toBe(500);
    expect(answer.upload).toMatchObject({ code: 'ADAPTER_MISSING', retryable: false });
    expect(answer.message).toContain('body parser');
  });

  it('takes an empty file even so', async () => {
    const answer = await throughExpress(make, ({ json, raw }) => [json(), raw({ limit: '1mb' })], 0);
    expect(answer.data).toMatchObject({ status: 'completed' });
  });
});

describe('Fastify', () => {
  it('does not start behind a parser of binary bodies', async () => {
    await using mounted = await mount();
    const app = Fastify();
    app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null));
    await expect(app.register(mounted.uploads.fastify)).rejects.toThrow('before other parsers');
    await app.close();
  });

  it('takes the hook on HTTP/2 without a cast', async () => {
    await using mounted = await mount();
    const app = Fastify({ http2: true });
    await app.register(mounted.uploads.fastify);
    expect(app.hasContentTypeParser('application/octet-stream')).toBe(true);
    await app.close();
  });
});

describe('Hono', () => {
  it('may compress answers, and its own context is enough for ours', async () => {
    await using mounted = await mount();
    const { uploads, router } = mounted;
    const app = new Hono();
    app.use(compress());
    app.all('/trpc/*', (c) =>
      fetchRequestHandler({
        endpoint: '/trpc',
        req: c.req.raw,
        router,
        createContext: () => uploads.context(c),
      }),
    );
    const file = randomFile(CHUNK, CHUNK);
    const init = await app.request('/trpc/uploads.init', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(file.input()),
    });
    const { result } = (await init.json()) as { result: { data: { uploadId: string } } };
    const chunk = await app.request('/trpc/uploads.chunk', {
      method: 'POST',
      headers: {
        'accept-encoding': 'gzip',
        'content-type': 'application/octet-stream',
        'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(file.fields(result.data.uploadId, 0))),
      },
      body: new Uint8Array(file.bytes),
    });
    expect(chunk.status).toBe(200);
  });
});
