import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { gate } from '../client/support/setup.js';
import type { SendPage, SendSettings } from './pages/send.js';
import { startChromium } from './support/chromium.js';
import { type Bundle, bundlePage, startSite } from './support/site.js';

declare const page: SendPage;

/** More than the system takes over at once for a server that does not read. */
const BIG = 24 * MiB;

let browser: Awaited<ReturnType<typeof startChromium>>;
let bundle: Bundle;
beforeAll(async () => {
  [browser, bundle] = await Promise.all([startChromium(), bundlePage('send.ts')]);
});
afterAll(() => browser?.close());

/** Answers how many bytes came, to whom, and in which way. */
const count: http.RequestListener = (req, res) => {
  let bytes = 0;
  req.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  req.on('end', () => {
    const { cookie = null, 'content-type': type = null } = req.headers;
    res.writeHead(req.url?.startsWith('/status/') ? Number(req.url.slice(8)) : 200, {
      'content-type': 'application/json',
    });
    res.end(JSON.stringify({ method: req.method, bytes, cookie, type }));
  });
};

async function open(api: http.RequestListener = count) {
  const site = await startSite(bundle, { api });
  const tab = await browser.newPage();
  await tab.goto(site.url);
  await tab.waitForFunction('globalThis.page');
  return {
    ...{ site, tab },
    send: (settings: SendSettings) => tab.evaluate((given) => page.send(given), settings),
    async [Symbol.asyncDispose]() {
      await tab.close();
      await site[Symbol.asyncDispose]();
    },
  };
}

const growing = (values: number[]) =>
  values.every((value, index) => value >= (values[index - 1] ?? 0)) && values.length > 0;

describe('the XMLHttpRequest sender', () => {
  test('sends a body whole, telling byte by byte how much has left', async () => {
    await using at = await open();
    const run = await at.send({
      url: '/x',
      bytes: BIG,
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(run).toMatchObject({ status: 200, type: 'application/json' });
    expect(JSON.parse(run.text ?? '')).toMatchObject({
      ...{ method: 'POST', bytes: BIG, type: 'application/octet-stream' },
    });
    expect(growing(run.progress)).toBe(true);
    expect(run.progress.at(-1)).toBe(BIG);
    // Each byte that moves begins the waiting anew, and nothing waits on afterwards.
    expect(run.timers).toBeGreaterThan(run.progress.length);
    expect(run.cancelled).toBe(run.timers);
  });

  test('tells of bytes before the last has left', async () => {
    const more = gate();
    let first = true;
    await using at = await open((req, res) => {
      if (!first) return count(req, res);
      first = false;
      req.once('data', () => req.pause());
      more.opened.then(() => count(req, res));
    });
    const sending = at.send({ url: '/x', bytes: BIG, abortAfter: 0 });
    // The server reads no more: what the page hears of is what has left so far.
    const run = await sending;
    more.open();
    expect(run).toMatchObject({ error: 'enough' });
    expect(run.progress[0]).toBeGreaterThan(0);
    expect(run.progress[0]).toBeLessThan(BIG);
  });

  test.each([200, 404, 409, 503])('an answer of status %i is an answer', async (status) => {
    await using at = await open();
    const run = await at.send({ url: `/status/${status}`, bytes: 10 });
    expect(run).toMatchObject({ status, text: expect.stringContaining('"bytes":10') });
  });

  test('an abort closes the connection in the middle of a body', async () => {
    const [aborted, closed] = [gate(), gate()];
    let received = 0;
    await using at = await open((req) => {
      req.once('data', () => req.pause());
      req.on('data', (part: Buffer) => {
        received += part.length;
      });
      req.on('error', closed.open);
      aborted.opened.then(() => req.resume());
    });
    expect(await at.send({ url: '/x', bytes: BIG, abortAfter: 0 })).toMatchObject({ error: 'enough' });
    aborted.open();
    await closed.opened;
    expect(received).toBeLessThan(BIG);
  });

  test('a request on which no byte moves fails with NETWORK', async () => {
    const asked = gate();
    await using at = await open((req) => {
      req.resume();
      asked.open();
    });
    const run = await at.send({ url: '/x', bytes: 10, stallAt: 1 });
    expect(run.error).toMatchObject({ code: 'NETWORK', retryable: true });
  });

  test('no answer is NETWORK', async () => {
    await using at = await open((req) => req.socket.destroy());
    expect((await at.send({ url: '/x', bytes: 10 })).error).toMatchObject({
      code: 'NETWORK',
      retryable: true,
    });
    const nowhere = await at.send({ url: 'http://127.0.0.1:1/x', bytes: 10 });
    expect(nowhere.error).toMatchObject({ code: 'NETWORK' });
  });

  test('an answer that breaks off is NETWORK', async () => {
    await using at = await open((req, res) => {
      req.resume().on('end', () => {
        res.writeHead(200, { 'content-length': 100 }).write('begun', () => res.destroy());
      });
    });
    expect((await at.send({ url: '/x', bytes: 10 })).error).toMatchObject({ code: 'NETWORK' });
  });

  test.each([301, 302, 303, 307, 308])(
    'a redirect (%i) is told, and what came of it is no answer',
    async (status) => {
      await using at = await open((req, res) => {
        if (req.url !== '/from') return count(req, res);
        req.resume().on('end', () => res.writeHead(status, { location: '/to?secret=1' }).end());
      });
      const run = await at.send({ url: '/from', bytes: 10 });
      expect(run).not.toHaveProperty('status');
      expect(run.error).toMatchObject({ code: 'PROTOCOL', retryable: false });
      expect(run.error).toMatchObject({
        message: expect.stringMatching(/redirects to http:\S+\/to\b(?!\?)/),
      });
    },
  );

  test.each(['/x#part', 'x?a=ü b', './x/../y'])('the address %s is not taken for a redirect', async (url) => {
    await using at = await open();
    expect(await at.send({ url, bytes: 10 })).toMatchObject({ status: 200 });
  });

  test('an address with a name and a password, its own or that of the page, is not taken for one', async () => {
    await using at = await open();
    const { host } = new URL(at.site.url);
    expect(await at.send({ url: `http://ann:secret@${host}/x`, bytes: 10 })).toMatchObject({ status: 200 });
    await at.tab.goto(`http://ann:secret@${host}/`);
    await at.tab.waitForFunction('globalThis.page');
    expect(await at.send({ url: '/x', bytes: 10 })).toMatchObject({ status: 200 });
  });

  test('an answer without an end is given up', async () => {
    const closed = gate();
    await using at = await open((req, res) => {
      req.resume();
      const part = Buffer.alloc(MiB);
      const more = () => {
        while (res.write(part));
      };
      res.on('drain', more).on('close', closed.open);
      more();
    });
    expect((await at.send({ url: '/x', bytes: 10 })).error).toMatchObject({
      code: 'PROTOCOL',
      retryable: false,
    });
    await closed.opened;
  });

  test('a request without a body', async () => {
    await using at = await open();
    const run = await at.send({ url: '/x', bytes: null });
    expect(JSON.parse(run.text ?? '')).toMatchObject({ method: 'GET', bytes: 0 });
    expect(run.progress).toEqual([]);
  });
});

describe('to another origin', () => {
  /** Another origin that allows the page's, with cookies or without. */
  async function other(allowed: boolean) {
    const server = http.createServer((req, res) => {
      if (allowed) {
        res.setHeader('access-control-allow-origin', req.headers.origin ?? '');
        res.setHeader('access-control-allow-credentials', 'true');
        res.setHeader('access-control-allow-headers', 'content-type');
      }
      if (req.method === 'OPTIONS') return res.writeHead(204).end();
      count(req, res);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  test('goes where that origin allows it, with cookies only where they are wanted', async () => {
    await using at = await open();
    await using target = await other(true);
    await at.tab.context().addCookies([{ name: 'session', value: '1', url: target.url }]);
    const headers = { 'content-type': 'application/octet-stream' };
    const without = await at.send({ url: target.url, bytes: 5 * MiB, headers });
    expect(JSON.parse(without.text ?? '')).toMatchObject({ bytes: 5 * MiB, cookie: null });
    expect(without.progress.at(-1)).toBe(5 * MiB);
    const withCookies = await at.send({ url: target.url, bytes: 10, headers, withCredentials: true });
    expect(JSON.parse(withCookies.text ?? '')).toMatchObject({ bytes: 10, cookie: 'session=1' });
  });

  test('is NETWORK where it does not', async () => {
    await using at = await open();
    await using target = await other(false);
    expect((await at.send({ url: target.url, bytes: 10 })).error).toMatchObject({ code: 'NETWORK' });
  });
});
