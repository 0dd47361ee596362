import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import { initTRPC, TRPCError } from '@trpc/server';
import * as trpcExpress from '@trpc/server/adapters/express';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import express from 'express';
import express4 from 'express4';
import Fastify from 'fastify';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { uploadLink } from '../../client/link.js';
import { KiB } from '../../contract/index.js';
import type { UploadsContext } from '../../server/request.js';
import { createUploads } from '../../server/uploads.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile, request, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;

async function listen(server: http.Server) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('an app of somebody else', () => {
  it('with superjson, its own error formatter and its own auth: middlewares run before a body, errors and types arrive', async () => {
    await using folder = await temporaryFolder();
    await using uploads = createUploads({
      root: folder.path,
      owner: (ctx: { user: { id: string } }) => ctx.user.id,
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK, completed: () => ({ when: 'now' }) } },
    });
    type Context = UploadsContext & { token: string | undefined };
    const t = initTRPC.context<Context>().create({
      transformer: superjson,
      isDev: true,
      errorFormatter: ({ shape, error }) => ({
        ...shape,
        data: {
          ...shape.data,
          mine: true,
          zod: error.cause instanceof z.ZodError ? z.flattenError(error.cause) : null,
        },
      }),
    });
    const seen: string[] = [];
    const protectedProcedure = t.procedure.use(({ ctx, next, path }) => {
      seen.push(path);
      if (ctx.token !== 'secret') throw new TRPCError({ code: 'UNAUTHORIZED', message: 'my own message' });
      return next({ ctx: { user: { id: 'ann' } } });
    });
    const router = t.router({
      hello: t.procedure.query(() => new Date(0)),
      uploads: uploads.procedures(protectedProcedure),
    });
    const server = http.createServer(
      createHTTPHandler({
        router,
        middleware: uploads.middleware,
        createContext: (opts) => ({ ...uploads.context(opts), token: opts.req.headers.authorization }),
      }),
    );
    await using at = await listen(server);
    const connect = (token: string) => {
      const headers = { authorization: token };
      return createTRPCClient<typeof router>({
        links: [
          uploadLink<typeof router>({ url: at.url, transformer: superjson, headers }),
          httpLink({ url: at.url, transformer: superjson, headers }),
        ],
      });
    };
    const trpc = connect('secret');
    const file = randomFile(2 * CHUNK, CHUNK);
    expect(await trpc.hello.query()).toEqual(new Date(0));
    const view = await trpc.uploads.init.mutate({ ...file.input(), policy: undefined });
    await trpc.uploads.chunk.mutate({ ...file.fields(view.uploadId, 0), data: file.piece(0) });
    const last = await trpc.uploads.chunk.mutate({
      ...file.fields(view.uploadId, 1),
      data: new Blob([file.piece(1)]),
    });
    expect(last.status === 'completed' && last.data).toEqual({ when: 'now' });
    expect(seen).toEqual(['uploads.init', 'uploads.chunk', 'uploads.chunk']);

    const wrong = await trpc.uploads.chunk
      .mutate({ ...file.fields(view.uploadId, 1), offset: 0, data: file.piece(1) })
      .catch((error: unknown) => error);
    expect(wrong).toBeInstanceOf(TRPCClientError);
    expect((wrong as TRPCClientError<typeof router>).data).toMatchObject({
      httpStatus: 400,
      upload: { code: 'CHUNK_GEOMETRY' },
    });
    expect(JSON.stringify((wrong as TRPCClientError<typeof router>).shape)).not.toContain('stack');

    // Without `uploadLink`, superjson would make text of the bytes, and bytes of the text.
    const asText = createTRPCClient<typeof router>({
      links: [httpLink({ url: at.url, transformer: superjson, headers: { authorization: 'secret' } })],
    });
    const textual = await asText.uploads.chunk
      .mutate({ ...file.fields(view.uploadId, 1), data: new Uint8Array(file.piece(1)) })
      .catch((error: unknown) => error);
    expect((textual as TRPCClientError<typeof router>).data).toMatchObject({
      upload: { code: 'INPUT_INVALID' },
    });
    expect((textual as Error).message).toContain('put `uploadLink` first in `links`');

    const refused = await connect('wrong')
      .uploads.chunk.mutate({ ...file.fields(view.uploadId, 1), data: file.piece(1) })
      .catch((error: unknown) => error);
    expect((refused as TRPCClientError<typeof router>).data).toMatchObject({ httpStatus: 401, mine: true });
    expect((refused as Error).message).toBe('my own message');

    // The refusal came before the body: a sender that never sends it is refused all the same.
    const socket = http.request(`${at.url}/uploads.chunk`, {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': CHUNK,
        'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(file.fields(view.uploadId, 1))),
      },
    });
    const status = new Promise((resolve) =>
      socket.on('response', (response) => resolve(response.statusCode)),
    );
    socket.on('error', () => {});
    socket.flushHeaders();
    expect(await status).toBe(401);
    socket.destroy();
  });
});

describe('adapters', () => {
  async function mount() {
    const folder = await temporaryFolder();
    const uploads = createUploads({
      root: folder.path,
      owner: 'shared',
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
    });
    const t = initTRPC.context<UploadsContext>().create();
    const router = t.router({ uploads: uploads.procedures(t.procedure) });
    return {
      uploads,
      t,
      router,
      async [Symbol.asyncDispose]() {
        await uploads.close();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  async function expectUploads(url: string) {
    const client = wireClient(url);
    const file = randomFile(3 * CHUNK + 1, CHUNK);
    const { uploadId } = (await client.init(file.input())).data;
    const answers = await Promise.all(
      [3, 1, 0, 2].map((index) => client.chunk(file.fields(uploadId, index), file.piece(index))),
    );
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect((await client.query('resume', { uploadId })).data).toMatchObject({
      status: 'completed',
      hash: file.hash,
    });
    const wrong = await client.chunk({ ...file.fields(uploadId, 0), total: 5 }, file.piece(0));
    expect(wrong.upload?.code).toBe('CHUNK_GEOMETRY');
  }

  it.each([
    ['Express 5', express],
    ['Express 4', express4],
  ] as const)('%s, behind express.json()', async (_, make) => {
    await using mounted = await mount();
    const app = make();
    app.use(make.json());
    app.use(
      '/trpc',
      mounted.uploads.express(),
      trpcExpress.createExpressMiddleware({
        router: mounted.router,
        createContext: (opts) => mounted.uploads.context(opts),
      }) as never,
    );
    await using at = await listen(http.createServer(app as http.RequestListener));
    await expectUploads(`${at.url}/trpc`);
  });

  it('Fastify 5, with other binary routes left alone', async () => {
    await using mounted = await mount();
    const app = Fastify();
    await app.register(mounted.uploads.fastify);
    await app.register(fastifyTRPCPlugin, {
      prefix: '/trpc',
      trpcOptions: { router: mounted.router, createContext: (opts) => mounted.uploads.context(opts) },
    } satisfies FastifyTRPCPluginOptions<typeof mounted.router>);
    app.post('/raw', async (req) => {
      let bytes = 0;
      for await (const piece of req.body as AsyncIterable<Buffer>) bytes += piece.length;
      return { bytes };
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    await expectUploads(`${url}/trpc`);
    const raw = await request(`${url}/raw`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(1234),
    });
    expect(raw.text).toBe('{"bytes":1234}');
    await app.close();
  });

  it('fetch handlers', async () => {
    await using mounted = await mount();
    const file = randomFile(2 * CHUNK, CHUNK);
    const call = async (path: string, init: RequestInit) => {
      const response = await fetchRequestHandler({
        endpoint: '/trpc',
        req: new Request(`http://localhost/trpc/${path}`, init),
        router: mounted.router,
        createContext: (opts) => mounted.uploads.context(opts),
      });
      const json = (await response.json()) as {
        result: { data: Record<string, unknown> };
        error: { data: { upload: unknown } };
      };
      return { status: response.status, data: json.result?.data, upload: json.error?.data.upload };
    };
    const init = await call('uploads.init', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(file.input()),
    });
    const uploadId = String(init.data.uploadId);
    const chunk = (index: number, body: Uint8Array<ArrayBuffer>) =>
      call('uploads.chunk', {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(file.fields(uploadId, index))),
        },
        body,
        duplex: 'half',
      } as RequestInit);
    expect((await chunk(0, new Uint8Array(5))).upload).toMatchObject({
      code: 'CHUNK_INCOMPLETE',
      received: 5,
    });
    expect((await chunk(0, new Uint8Array(file.piece(0)))).status).toBe(200);
    expect((await chunk(1, new Uint8Array(file.piece(1)))).data).toMatchObject({
      status: 'completed',
      hash: file.hash,
    });
  });

  it('callers on the server keep their bytes', async () => {
    await using mounted = await mount();
    const caller = mounted.t.createCallerFactory(mounted.router)(mounted.uploads.context());
    const file = randomFile(CHUNK + 1, CHUNK);
    const { uploadId } = await caller.uploads.init({ ...file.input(), policy: undefined });
    const data = new Uint8Array(file.piece(0));
    await caller.uploads.chunk({ ...file.fields(uploadId, 0), data });
    expect(data.byteLength).toBe(CHUNK);
    expect(
      await caller.uploads.chunk({ ...file.fields(uploadId, 1), data: new Blob([file.piece(1)]) }),
    ).toMatchObject({ status: 'completed' });
    await expect(
      caller.uploads.chunk({ ...file.fields(uploadId, 1), data: 'text' as never }),
    ).rejects.toThrow('Blob or a Uint8Array');
  });
});
