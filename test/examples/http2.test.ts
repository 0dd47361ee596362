import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { initTRPC } from '@trpc/server';
import { createHTTP2Handler } from '@trpc/server/adapters/standalone';
import { describe, expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS } from '../../contract/index.js';
import type { UploadsContext } from '../../server/request.js';
import { createUploads } from '../../server/uploads.js';
import { manualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile } from '../support/wire.js';

const CHUNK = 256 * KiB;

/** tRPC's own handler for HTTP/2, and one connection to it. */
async function start() {
  const folder = await temporaryFolder();
  const clock = manualClock();
  const uploads = createUploads({
    root: folder.path,
    owner: (ctx: { user: string | null }) => ctx.user,
    policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
    clock,
  });
  const t = initTRPC.context<UploadsContext & { user: string | null }>().create();
  const handler = createHTTP2Handler({
    router: t.router({ uploads: uploads.procedures(t.procedure) }),
    middleware: uploads.middleware,
    createContext: (opts) => ({ ...uploads.context(opts), user: opts.req.headers['x-user'] ? 'ann' : null }),
  });
  const server = http2.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const open = (path: string, headers: http2.OutgoingHttpHeaders) =>
    session.request({ ':method': 'POST', ':path': path, 'x-user': 'ann', ...headers });
  const answerOf = async (stream: http2.ClientHttp2Stream) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    await once(stream, 'end');
    return { status: headers[':status'], json: JSON.parse(text) };
  };
  return {
    clock,
    init(input: unknown) {
      const stream = open('/uploads.init', { 'content-type': 'application/json' });
      stream.end(JSON.stringify(input));
      return answerOf(stream);
    },
    list: () => answerOf(open('/uploads.list?input=%7B%7D', { ':method': 'GET' })),
    chunk: (fields: object, headers: http2.OutgoingHttpHeaders = {}) =>
      open('/uploads.chunk', {
        'content-type': 'application/octet-stream',
        'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(fields)),
        ...headers,
      }),
    answerOf,
    async [Symbol.asyncDispose]() {
      session.destroy();
      await uploads.close();
      await new Promise((resolve) => server.close(resolve));
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("tRPC's standalone adapter on HTTP/2", () => {
  it('takes chunks in parallel on one connection, while another one stalls', async () => {
    await using server = await start();
    const file = randomFile(4 * CHUNK, CHUNK);
    const { uploadId } = (await server.init(file.input())).json.result.data;
    const stalled = server.chunk(file.fields(uploadId, 0));
    stalled.write(file.piece(0).subarray(0, 100_000));
    const send = (index: number) => {
      const stream = server.chunk(file.fields(uploadId, index));
      stream.end(file.piece(index));
      return server.answerOf(stream);
    };
    for (const { status } of await Promise.all([send(1), send(2), send(3)])) expect(status).toBe(200);
    stalled.end(file.piece(0).subarray(100_000));
    expect((await server.answerOf(stalled)).json.result.data).toMatchObject({ status: 'completed' });
  });

  it.each([
    ['of an unknown upload', {}, 404],
    ['of nobody', { 'x-user': '' }, 401],
  ])('ends the stream of a refused chunk %s whose rest does not come', async (_, headers, status) => {
    await using server = await start();
    const fields = randomFile(CHUNK, CHUNK).fields('01ARZ3NDEKTSV4RRFFQ69G5FAV', 0);
    const stream = server.chunk(fields, headers);
    const closed = once(stream, 'close');
    stream.write('x');
    expect((await server.answerOf(stream)).status).toBe(status);
    await server.clock.advance(SERVER_DEFAULTS.bodyRateWindowMs);
    await closed;
    // The connection goes on.
    expect((await server.list()).status).toBe(200);
  });
});
