import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource, fetchSender, type Sender, toUploadError } from '../../client/index.js';
import { nodeSender } from '../../client/node/index.js';
import { MiB } from '../../contract/index.js';
import { fullJitter, manualClock } from './support/clock.js';
import type { Fault, Script } from './support/script.js';
import { bytesOf, setup } from './support/setup.js';

const SIZE = 50_000;
const YEARS = 365 * 24 * 3_600_000;

const node = nodeSender();
const SENDERS: [string, Sender][] = [
  ['node:http', node.send],
  ['fetch', fetchSender()],
];

/** Another server, which a redirect leads to. */
const elsewhere = http.createServer((req, res) => {
  asked.push(`${req.method} ${req.url}`);
  res.end('<html>');
});
const asked: string[] = [];
const elsewhereUrl = () => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/login?next=1`;

beforeAll(async () => {
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
});
afterAll(() => {
  node.close();
  elsewhere.closeAllConnections();
  elsewhere.close();
});

const redirect = (status: number): Fault => ({ status, headers: { location: elsewhereUrl() } });
const json = (status: number, value: unknown): Fault => ({ status, json: value });
const page = (status: number): Fault => ({ status, html: '<html>no</html>' });

const onChunk3 = (fault: () => Fault, always = false): Script => ({
  maxParallelChunks: 1,
  fault: ({ index, attempt }) => (index === 3 && (always || attempt === 1) ? fault() : undefined),
});

describe.each(SENDERS)('by %s', (name, send) => {
  describe('an answer that no Chunkwise server gave, in the middle of an upload, is waited for', () => {
    it.each<[string, () => Fault]>([
      ['a page with 200', () => page(200)],
      ['no content', () => page(204)],
      ['a redirect of a GET and a POST', () => redirect(302)],
      ['a redirect to a GET', () => redirect(303)],
      ['a redirect that keeps the method', () => redirect(307)],
      ['a redirect for ever', () => redirect(308)],
      ['a bot check', () => page(403)],
      ['a load balancer without the server', () => page(404)],
      ['a static host', () => page(405)],
      ['a timeout', () => page(408)],
      ['a limit of requests, as a page', () => page(429)],
      ['a limit of requests, as JSON', () => json(429, { message: 'Too Many Requests' })],
      ['the same, shaped nearly as tRPC', () => json(429, { error: { code: 'rate_limited' } })],
      ['the same, as JSON-RPC', () => json(429, { error: { code: -32029, message: 'slow down' } })],
      ['a failure', () => page(500)],
      ['a proxy without the server', () => page(502)],
      ['a service that is not there', () => page(503)],
      ['a proxy that waited too long', () => page(504)],
      ['a network that wants a sign-in', () => page(511)],
      ["a proxy's own status", () => page(520)],
    ])('%s', async (_, fault) => {
      asked.length = 0;
      await using test = await setup(onChunk3(fault), {}, { send });
      const bytes = bytesOf(SIZE);
      const result = await test.uploader.upload(bytes);
      expect(result.retries).toBe(1);
      expect(test.server.sessions.content(test.server.sessions.get(result.uploadId)).equals(bytes)).toBe(
        true,
      );
      expect(asked).toEqual([]);
    });
  });

  describe('is refused at once, in words that name the status', () => {
    it.each<[string, () => Fault, string, RegExp]>([
      ['a proxy that wants a sign-in', () => page(401), 'UNAUTHORIZED', /HTTP 401.*credentials/],
      ['a gateway that wants a sign-in', () => json(401, { message: 'no' }), 'UNAUTHORIZED', /HTTP 401/],
      [
        'a limit of bodies',
        () => page(413),
        'PROTOCOL',
        /^A chunk of 4 KiB .*HTTP 413 from http:.*client_max_body_size.*`chunkSize` and `maxChunkSize`/,
      ],
      ['a limit of bodies, as JSON', () => json(413, { error: 'too large' }), 'PROTOCOL', /HTTP 413/],
      [
        "a limit of tRPC's adapter",
        () => json(413, trpcError(-32013, 'PAYLOAD_TOO_LARGE', 413)),
        'PROTOCOL',
        /^A chunk of 4 KiB .*HTTP 413 from http:.*maxBodySize.*`maxChunkSize`/,
      ],
      ['a limit of addresses', () => page(414), 'PROTOCOL', /HTTP 414/],
      [
        'a server without binary bodies',
        () => page(415),
        'ADAPTER_MISSING',
        /HTTP 415.*hook of docs\/adapters/,
      ],
      ['a limit of headers', () => page(431), 'PROTOCOL', /HTTP 431.*cookies/],
      ['a blocked address', () => page(451), 'PROTOCOL', /HTTP 451/],
      ['a server of something else', () => page(501), 'PROTOCOL', /HTTP 501/],
    ])('%s', async (_, fault, code, words) => {
      await using test = await setup(onChunk3(fault, true), {}, { send });
      const bytes = bytesOf(SIZE);
      const error = await test.uploader.upload(bytes, { name: 'a' }).catch((error) => error);
      expect(error).toMatchObject({ code, retryable: false });
      expect(error.message).toMatch(words);
      expect(test.server.chunkLog().filter(({ index }) => index === 3)).toHaveLength(1);
      expect(test.server.sessions.get(error.uploadId).status).toBe('receiving');
      test.server.script.fault = () => undefined;
      expect(await test.uploader.upload(bytes, { name: 'a' })).toMatchObject({ resumed: true });
    });

    it('a proxy on the way out that wants a sign-in', async () => {
      await using test = await setup(
        onChunk3(() => page(407), true),
        { patienceMs: 0 },
        { send },
      );
      const error = await test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
      // By the standard of fetch, this answer is a network failure for it.
      expect(error).toMatchObject(
        name === 'fetch' ? { code: 'NETWORK' } : { code: 'PROTOCOL', retryable: false },
      );
      expect(error.message).toMatch(
        name === 'fetch' ? /cannot be reached at http:/ : /HTTP 407.*credentials/,
      );
    });
  });

  describe('before the server has answered once', () => {
    it.each<[number, number, RegExp]>([
      [200, 1, /HTTP 200 from http:\/\/127\.0\.0\.1:\d+\/trpc\/uploads\.policy: .*tRPC endpoint/],
      [302, 1, /^HTTP 302 from .*redirects to http:\/\/127\.0\.0\.1:\d+\/login,/],
      [401, 1, /HTTP 401/],
      [403, 1, /HTTP 403.*firewall/],
      [404, 1, /HTTP 404 from http:\/\/127\.0\.0\.1:\d+\/trpc\/uploads\.policy: .*Check the URL/],
      [405, 1, /HTTP 405 .*Check the URL/],
      [413, 1, /HTTP 413/],
      [429, 3, /HTTP 429.*concurrency/],
      [451, 1, /HTTP 451/],
      [501, 1, /HTTP 501 .*Check the URL/],
      [500, 3, /HTTP 500/],
      [502, 3, /HTTP 502.*log/],
      [503, 3, /HTTP 503/],
      [504, 3, /HTTP 504/],
      [511, 3, /HTTP 511.*browser/],
    ])('a page with %i is asked for %i times', async (status, times, words) => {
      asked.length = 0;
      await using test = await setup(
        { fault: () => (status === 302 ? redirect(302) : page(status)) },
        { retries: 2 },
        { send },
      );
      const error = await test.uploader.upload(bytesOf(10)).catch((error) => error);
      expect(error.message).toMatch(words);
      expect(error.message).not.toMatch(/next=1/);
      expect(error.data.received).toBe(status);
      expect(test.server.log).toHaveLength(times);
      expect(asked).toEqual([]);
    });
  });

  describe('Retry-After of a proxy', () => {
    const soon = (seconds: number) => {
      const now = Date.UTC(2030, 0, 1);
      return {
        date: new Date(now).toUTCString(),
        'retry-after': new Date(now + seconds * 1000).toUTCString(),
      };
    };
    it.each<[string, number, Record<string, string>]>([
      ['in seconds', 429, { 'retry-after': '17' }],
      ['in seconds', 503, { 'retry-after': '17' }],
      ['as a date', 429, soon(17)],
      ['as a date', 503, soon(17)],
    ])('%s, of a %i, is waited for', async (_, status, headers) => {
      const clock = manualClock();
      await using test = await setup(
        onChunk3(() => ({ status, html: '<html>', headers })),
        { clock, random: fullJitter },
        { send },
      );
      const uploading = test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
      const waited = clock.timer((ms) => ms > 15_000 && ms < 20_000);
      expect(await Promise.race([waited, uploading])).toBe(17_000);
      clock.advance(17_000);
      expect((await uploading).retries).toBe(1);
    });

    it.each([
      ['before the first answer', 'uploads.policy'],
      ['afterwards', 'uploads.chunk'],
    ])('of ten years ends the upload at once, %s', async (_, path) => {
      const fault: Fault = { status: 503, headers: { 'retry-after': String((10 * YEARS) / 1000) } };
      await using test = await setup(
        { maxParallelChunks: 1, fault: (request) => (request.path === path ? fault : undefined) },
        {},
        { send },
      );
      const error = await test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
      expect(error).toMatchObject({ code: 'PROTOCOL', retryable: true, data: { retryAfterMs: 10 * YEARS } });
      expect(test.server.log.filter((request) => request.path === path)).toHaveLength(1);
    });
  });

  it('an answer to a body that was not read is heard, as proxies refuse large ones', async () => {
    // As nginx: answers, goes on reading for a while, and closes.
    const server = net.createServer((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 413 Payload Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno');
        socket.resume();
      });
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const answer = await send({
      url,
      method: 'POST',
      headers: {},
      body: bytesOf(16 * MiB),
      signal: undefined,
    });
    expect([answer.status, await answer.text()]).toEqual([413, 'no']);
    server.close();
  });

  it('connections that break in the middle of every body end with the patience', async () => {
    const clock = manualClock();
    await using test = await setup(
      onChunk3(() => ({ drop: 'middle' }), true),
      { clock, random: fullJitter, patienceMs: 1000, minBackoffMs: 400, maxBackoffMs: 400 },
      { send },
    );
    const uploading = test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
    for (const wait of [400, 400, 200]) {
      await clock.timer((ms) => ms === wait);
      clock.advance(wait);
    }
    expect(await uploading).toMatchObject({ code: 'NETWORK', retryable: true });
  });
});

const trpcError = (code: number, name: string, httpStatus: number) => ({
  error: { code, message: 'said by tRPC', data: { code: name, httpStatus } },
});

describe('a batch of calls', () => {
  const three = () => Array.from({ length: 3 }, (_, i) => bytesSource(bytesOf(10), { name: `f${i}` }));

  it('of which one fails: the others have their answers', async () => {
    await using test = await setup();
    const { uploadId } = await test.uploader.upload(bytesOf(10));
    const settled = await Promise.allSettled(
      [uploadId, '01J0000000000000000000ZZZZ'].map((id) => test.trpc.uploads.resume.query({ uploadId: id })),
    );
    expect(test.server.log.at(-1)?.path).toBe('uploads.resume,uploads.resume');
    const [known, unknown] = settled;
    expect(known).toMatchObject({ status: 'fulfilled', value: { uploadId } });
    expect(unknown?.status === 'rejected' && toUploadError(unknown.reason)).toMatchObject({
      code: 'UPLOAD_NOT_FOUND',
    });
  });

  it('of which each has an error of its own, with the status 207', async () => {
    const answers = [trpcError(-32029, 'TOO_MANY_REQUESTS', 429), trpcError(-32001, 'UNAUTHORIZED', 401)];
    await using test = await setup({ fault: () => json(207, answers) });
    const settled = await Promise.allSettled(
      [1, 2].map(() => test.trpc.uploads.resume.query({ uploadId: '01J0000000000000000000ZZZZ' })),
    );
    expect(settled.map((one) => one.status === 'rejected' && toUploadError(one.reason).code)).toEqual([
      'RATE_LIMITED',
      'UNAUTHORIZED',
    ]);
  });

  it.each<[string, Fault]>([
    ["a proxy's page", page(502)],
    ['one error for all of them', json(429, trpcError(-32029, 'TOO_MANY_REQUESTS', 429))],
  ])('that is answered by %s is sent again', async (_, fault) => {
    await using test = await setup({
      fault: ({ path, attempt }) => (path.includes(',') && attempt === 1 ? fault : undefined),
    });
    for (const one of await test.uploader.uploadAll(three()))
      expect(one.status === 'completed' && one.result.retries).toBeGreaterThan(0);
  });

  it('that is refused by a page for want of a sign-in: they share one renewal', async () => {
    let token = 0;
    await using test = await setup(
      { fault: ({ headers }) => (headers.authorization === '1' ? undefined : page(401)) },
      { onUnauthorized: () => void token++ },
      { headers: () => ({ authorization: String(token) }) },
    );
    for (const one of await test.uploader.uploadAll(three())) expect(one.status).toBe('completed');
    expect(token).toBe(1);
  });
});

describe('a fetch of the caller that follows redirects', () => {
  it('is not believed: the bytes may have got lost on the way', async () => {
    asked.length = 0;
    const following = fetchSender((url, init) => fetch(url, { ...init, redirect: 'follow' }));
    await using test = await setup(
      onChunk3(() => redirect(303)),
      {},
      { send: following },
    );
    expect(await test.uploader.upload(bytesOf(SIZE))).toMatchObject({ status: 'completed', retries: 1 });
    expect(asked).toEqual(['GET /login?next=1']);
    const first = setup({ fault: () => redirect(303) }, { retries: 2 }, { send: following });
    await using other = await first;
    const error = await other.uploader.upload(bytesOf(10)).catch((error) => error);
    expect(error).toMatchObject({ code: 'PROTOCOL', retryable: false });
    expect(error.message).toMatch(/^A redirect: .*redirects to http:\/\/127\.0\.0\.1:\d+\/login,/);
  });
});
