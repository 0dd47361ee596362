/** Signing in by a cookie: what it opens, and what it must not open for other pages. */
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { SERVE_DEFAULTS } from '../../contract/index.js';
import { type StandaloneOptions, startStandalone } from '../../server/standalone/app.js';
import { manualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile, request, wireClient } from '../support/wire.js';

const silent = { info() {}, warn() {}, error() {} };
const LIST = '/trpc/uploads.list?input=%7B%7D';

async function serve(options: Partial<StandaloneOptions> = {}) {
  const folder = await temporaryFolder();
  const token = randomBytes(16).toString('hex');
  const app = await startStandalone({
    ...{ root: folder.path, host: '127.0.0.1', port: 0, requestsPerMinute: 0, log: silent },
    ...{ allowedHosts: ['uploads.example'], allowedOrigins: ['https://app.example'], token, ...options },
  });
  const post = (body: unknown, headers: http.OutgoingHttpHeaders = {}) =>
    request(`${app.url}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: app.url, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    ...{ app, token, post },
    async signIn(): Promise<string> {
      const answer = await post({ token });
      expect(answer.status).toBe(200);
      return cookieOf(answer);
    },
    status: async (path: string, headers: http.OutgoingHttpHeaders, method = 'GET') =>
      (await request(`${app.url}${path}`, { headers, method })).status,
    async [Symbol.asyncDispose]() {
      await app.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const setCookie = (answer: { headers: http.IncomingHttpHeaders }) => answer.headers['set-cookie']?.[0] ?? '';
const cookieOf = (answer: { headers: http.IncomingHttpHeaders }) => setCookie(answer).split(';', 1)[0] ?? '';

describe('signing in', () => {
  it('gives a cookie that scripts cannot read, other sites cannot send, and that is not the token', async () => {
    await using server = await serve();
    const answer = await server.post({ token: server.token });
    expect(JSON.parse(answer.text)).toEqual({ required: true, signedIn: true });
    const { port } = new URL(server.app.url);
    expect(setCookie(answer)).toMatch(
      new RegExp(
        `^chunkwise-session-${port}=[A-Za-z0-9_-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict$`,
      ),
    );
    expect(JSON.stringify([answer.headers, answer.text])).not.toContain(server.token);
    expect(answer.headers['cache-control']).toBe('no-store');
    const another = await server.post({ token: server.token });
    expect(cookieOf(another)).not.toBe(cookieOf(answer));
    const listed = await request(`${server.app.url}${LIST}`, { headers: { cookie: cookieOf(answer) } });
    // Nothing of it stays behind when somebody signs out.
    expect([listed.status, listed.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(await server.status(LIST, {})).toBe(401);
  });

  it('is for https alone where the page came by https', async () => {
    await using server = await serve();
    const headers = { host: 'uploads.example', origin: 'https://uploads.example' };
    const answer = await server.post({ token: server.token }, headers);
    expect(setCookie(answer)).toMatch(/^chunkwise-session=.*; SameSite=Strict; Secure$/);
    expect(await server.status(LIST, { host: 'uploads.example', cookie: cookieOf(answer) })).toBe(200);
  });

  it('is refused, in words, with anything but the token', async () => {
    await using server = await serve();
    const wrong = await server.post({ token: `${server.token}x` });
    expect([wrong.status, JSON.parse(wrong.text)]).toEqual([
      401,
      { code: 'UNAUTHORIZED', error: 'This is not the token of this server. Check it and try again.' },
    ]);
    for (const body of [{}, [], null, { token: 1 }, { token: server.token, more: 1 }, '"x"', '{', ''])
      expect((await server.post(body)).status).toBe(400);
    const text = await server.post(JSON.stringify({ token: server.token }), { 'content-type': 'text/plain' });
    expect(text.status).toBe(400);
    expect((await server.post({ token: 'x'.repeat(SERVE_DEFAULTS.signInBodyBytes) })).status).toBe(413);
    for (const answer of [wrong, text]) expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('cannot be tried without end, whatever the limit of other requests', async () => {
    await using server = await serve();
    const statuses: number[] = [];
    for (let tries = 0; tries <= SERVE_DEFAULTS.signInsPerMinute; tries++)
      statuses.push((await server.post({ token: String(tries) })).status);
    expect(statuses).toEqual([...Array(SERVE_DEFAULTS.signInsPerMinute).fill(401), 429]);
    const right = await server.post({ token: server.token });
    expect([right.status, JSON.parse(right.text).code]).toEqual([429, 'RATE_LIMITED']);
    expect(right.headers['retry-after']).toMatch(/^\d+$/);
    expect(await server.status(LIST, { authorization: `Bearer ${server.token}` })).toBe(200);
  });

  it('from another page is refused, and says nothing of the token', async () => {
    await using server = await serve();
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      const answer = await server.post({ token: server.token }, { origin });
      expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
    }
  });

  it('is not needed, nor possible, without a token', async () => {
    await using server = await serve({ token: null });
    const asked = await request(`${server.app.url}/session`);
    expect(JSON.parse(asked.text)).toEqual({ required: false, signedIn: true });
    expect((await server.post({ token: 'x' })).status).toBe(404);
  });
});

describe('the cookie', () => {
  it.each<[string, http.OutgoingHttpHeaders, number]>([
    ['of our own page', { 'sec-fetch-site': 'same-origin' }, 200],
    ['of an address that was typed in', { 'sec-fetch-site': 'none' }, 200],
    ['of another site', { 'sec-fetch-site': 'cross-site' }, 401],
    ['of a page on another port of this machine', { 'sec-fetch-site': 'same-site' }, 401],
    ['of a word that no browser says', { 'sec-fetch-site': 'same-origin, none' }, 401],
    ['of a foreign origin', { origin: 'http://127.0.0.1:1' }, 401],
    ['of an origin that may use bearers', { origin: 'https://app.example' }, 401],
    ['of a sandbox', { origin: 'null' }, 401],
  ])('opens reading to a request %s, or not', async (_, headers, status) => {
    await using server = await serve();
    const cookie = await server.signIn();
    expect(await server.status(LIST, { cookie, ...headers })).toBe(status);
    const file = `/files/${'0'.repeat(26)}`;
    expect(await server.status(file, { cookie, ...headers })).toBe(status === 200 ? 404 : 401);
    const asked = await request(`${server.app.url}/session`, { headers: { cookie, ...headers } });
    expect(JSON.parse(asked.text).signedIn).toBe(status === 200);
  });

  it('is read strictly', async () => {
    await using server = await serve();
    const cookie = await server.signIn();
    const [name = '', secret = ''] = cookie.split('=');
    const status = (text: string) => server.status(LIST, { cookie: text });
    for (const right of [
      `a=b; ${cookie}; c=d`,
      // A neighbour's attempt to come first, or last.
      `${name}=${'A'.repeat(43)}; ${cookie}`,
      `${cookie}; ${name}=`,
    ])
      expect(await status(right), right).toBe(200);
    for (const wrong of [
      `${name}=${server.token}`,
      `${name}="${secret}"`,
      `${name}=${secret}x`,
      `${name}=${secret.slice(1)}`,
      `x${cookie}`,
      `chunkwise-session=${secret}`,
      `${name}=`,
      `${name}=${'A'.repeat(43)}; ${name}=${'B'.repeat(43)}`,
    ])
      expect(await status(wrong), wrong).toBe(401);
  });

  it('changes nothing for other pages, and all for ours', async () => {
    await using server = await serve();
    const cookie = await server.signIn();
    const input = JSON.stringify({ name: 'a', size: 1, chunkSize: 1, hash: null });
    const init = (headers: http.OutgoingHttpHeaders) =>
      request(`${server.app.url}/trpc/uploads.init`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie, ...headers },
        body: input,
      });
    expect((await init({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await init({ 'sec-fetch-site': 'cross-site' })).status).toBe(401);
    expect((await init({ origin: 'https://app.example' })).status).toBe(401);
    expect((await init({ origin: server.app.url, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('leaves a bearer as it was, whatever page it comes from', async () => {
    await using server = await serve();
    const authorization = `Bearer ${server.token}`;
    const headers = { authorization, origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };
    expect(await server.status(LIST, headers)).toBe(200);
    expect(await server.status(LIST, { ...headers, authorization: `${authorization}x` })).toBe(401);
  });
});

describe('the end', () => {
  it('comes with signing out, which cuts off what was open under it, and nothing else', async () => {
    await using server = await serve();
    const [cookie, another] = [await server.signIn(), await server.signIn()];
    const [own, others] = [
      await openStream(server.app.url, cookie),
      await openStream(server.app.url, another),
    ];
    const out = (headers: http.OutgoingHttpHeaders) =>
      request(`${server.app.url}/session`, { method: 'DELETE', headers: { cookie, ...headers } });
    expect((await out({ 'sec-fetch-site': 'cross-site' })).status).toBe(204);
    expect(await server.status(LIST, { cookie })).toBe(200);

    const answer = await out({ origin: server.app.url });
    expect([answer.status, setCookie(answer)]).toEqual([
      204,
      expect.stringMatching(/^chunkwise-session-\d+=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/),
    ]);
    await own.closed;
    expect(await server.status(LIST, { cookie })).toBe(401);
    expect(await server.status(LIST, { cookie: another })).toBe(200);
    expect(others.isClosed()).toBe(false);
    others.destroy();
  });

  it('comes with time, for what is open too', async () => {
    const clock = manualClock();
    await using server = await serve({ clock });
    const cookie = await server.signIn();
    const stream = await openStream(server.app.url, cookie);
    await clock.advance(SERVE_DEFAULTS.sessionMs - 1);
    expect(await server.status(LIST, { cookie })).toBe(200);
    await clock.advance(1);
    await stream.closed;
    expect(await server.status(LIST, { cookie })).toBe(401);
  });

  it('comes for the oldest when there are too many', async () => {
    const { createSignIns } = await import('../../server/standalone/sign-ins.js');
    const signIns = createSignIns(manualClock(), { ...SERVE_DEFAULTS, maxSessions: 2 } as never);
    const [first = '', ...rest] = [signIns.begin(), signIns.begin(), signIns.begin()];
    expect([first, ...rest].map(signIns.has)).toEqual([false, true, true]);
    signIns.close();
    expect(rest.map(signIns.has)).toEqual([false, false]);
  });
});

it('an upload with a cookie alone: sent, watched, read and deleted', async () => {
  await using server = await serve();
  const cookie = await server.signIn();
  const file = randomFile(1000, 1000);
  const init = await request(`${server.app.url}/trpc/uploads.init`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie, origin: server.app.url },
    body: JSON.stringify(file.input()),
  });
  const { uploadId } = init.data as { uploadId: string };
  const client = wireClient(`${server.app.url}/trpc`);
  expect((await client.chunk(file.fields(uploadId, 0), file.bytes)).status).toBe(401);
  expect((await client.chunk(file.fields(uploadId, 0), file.bytes, { cookie })).status).toBe(200);
  expect(await server.status(`/files/${uploadId}`, { cookie }, 'HEAD')).toBe(200);
  expect(await server.status(`/files/${uploadId}`, {}, 'HEAD')).toBe(401);
  expect(await server.status(`/files/${uploadId}`, { cookie }, 'DELETE')).toBe(204);
});

/** A `watch` that has begun. */
async function openStream(url: string, cookie: string) {
  const sent = http.get(`${url}/trpc/uploads.watch?input=%7B%7D`, {
    headers: { cookie, accept: 'text/event-stream' },
  });
  const response = await new Promise<http.IncomingMessage>((resolve, reject) =>
    sent.once('response', resolve).once('error', reject),
  );
  expect(response.statusCode).toBe(200);
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    response.on('error', () => {});
    response.once('close', () => {
      isClosed = true;
      resolve();
    });
  });
  await new Promise((resolve) => response.once('data', resolve));
  response.resume();
  return { closed, isClosed: () => isClosed, destroy: () => sent.destroy() };
}
