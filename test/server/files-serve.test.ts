import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import type { ServeOptions } from '../../server/files.js';
import { openBelow, startApp, until, WAYS } from '../support/served-file.js';
import { request } from '../support/wire.js';

/** Node warns of descriptors that only the garbage collector closes: they were forgotten. */
const forgotten: Error[] = [];
const onWarning = (warning: Error) => {
  if (/garbage collection/.test(warning.message)) forgotten.push(warning);
};
beforeAll(() => void process.on('warning', onWarning));
afterAll(() => {
  process.off('warning', onWarning);
  expect(forgotten).toEqual([]);
});

const errorOf = async (answer: Response) => (await answer.json()) as { error: string; code?: string };
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])('served by %s', (way) => {
  let app: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    app = await startApp(way);
    return () => app[Symbol.asyncDispose]();
  });

  it('a file comes whole, with all that a browser needs to treat it safely', async () => {
    const bytes = randomBytes(600_000);
    const id = await app.upload(bytes, { name: 'my „film“.html', type: 'text/html' });
    app.asked.options = { id, owner: 'ann' };
    const file = await app.files.stat(id);
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(app.url, {
        method,
        headers: method === 'HEAD' ? { range: 'bytes=0-1' } : {},
      });
      expect([answer.status, await bytesOf(answer)]).toEqual([
        200,
        method === 'GET' ? bytes : Buffer.alloc(0),
      ]);
      const headers = Object.fromEntries(answer.headers);
      expect(headers).toMatchObject({
        'content-length': '600000',
        'content-type': 'application/octet-stream',
        'content-disposition':
          'attachment; filename="my ?film?.html"; filename*=UTF-8\'\'my%20%E2%80%9Efilm%E2%80%9C.html',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "sandbox; default-src 'none'",
        'cache-control': 'private, no-cache',
        'accept-ranges': 'bytes',
        etag: `"${file?.hash}"`,
        'last-modified': new Date(file?.completedAt ?? 0).toUTCString(),
      });
      expect(headers).not.toHaveProperty('content-range');
    }
  });

  it('a part comes where one is asked for, on its condition', async () => {
    const bytes = randomBytes(300_000);
    const id = await app.upload(bytes);
    app.asked.options = { id, anyone: true };
    const get = (headers: Record<string, string>) => fetch(app.url, { headers });
    const etag = (await app.files.stat(id).then((file) => file && `"${file.hash}"`)) ?? '';
    for (const [range, first, last] of [
      ['bytes=0-0', 0, 0],
      ['bytes=262140-262150', 262_140, 262_150],
      ['bytes=299999-', 299_999, 299_999],
      ['bytes=-5', 299_995, 299_999],
      ['bytes=100-999999', 100, 299_999],
    ] as const)
      for (const condition of [{}, { 'if-range': etag }] as Record<string, string>[]) {
        const answer = await get({ range, ...condition });
        expect(answer.status).toBe(206);
        expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/300000`);
        expect(answer.headers.get('content-length')).toBe(String(last - first + 1));
        expect((await bytesOf(answer)).equals(bytes.subarray(first, last + 1))).toBe(true);
      }
    const other = await get({ range: 'bytes=0-0', 'if-range': '"another"' });
    expect([other.status, (await bytesOf(other)).equals(bytes)]).toEqual([200, true]);
    const several = await get({ range: 'bytes=0-1,5-6' });
    expect([several.status, (await bytesOf(several)).equals(bytes)]).toEqual([200, true]);

    const beyond = await get({ range: 'bytes=300000-' });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe('bytes */300000');
    expect(await beyond.json()).toEqual({ error: 'The file has no such range.' });

    const known = await get({ 'if-none-match': etag, range: 'bytes=0-1' });
    expect([known.status, await known.text()]).toEqual([304, '']);
    expect(known.headers.get('etag')).toBe(etag);
    const changed = await get({ 'if-match': '"another"' });
    expect([changed.status, typeof (await errorOf(changed)).error]).toEqual([412, 'string']);
    await until(() => openBelow(app.folder.path).length === 0);
  });

  it('an empty file comes as nothing, whatever range is asked for', async () => {
    const id = await app.upload(new Uint8Array(0));
    app.asked.options = { id, owner: 'ann', disposition: 'inline' };
    for (const headers of [{}, { range: 'bytes=0-' }, { range: 'bytes=-1' }] as Record<string, string>[]) {
      const answer = await fetch(app.url, { headers });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      expect(answer.headers.get('content-length')).toBe('0');
    }
  });

  it('nobody sees what is not his, and nobody can tell that it is there', async () => {
    const id = await app.upload(randomBytes(1000));
    const ask = async (options: unknown, method = 'GET') => {
      app.asked.options = options as ServeOptions;
      const { status, headers, text } = await request(app.url, { method });
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      return { status, body: text === '' ? undefined : JSON.parse(text), allow: headers.allow };
    };
    const unknown = {
      status: 404,
      body: { error: 'There is no such upload. Start a new one.', code: 'UPLOAD_NOT_FOUND' },
    };
    for (const owner of ['bob', 'Ann', '%', '*', '__proto__'])
      expect(await ask({ id, owner })).toMatchObject(unknown);
    for (const wrong of [
      '',
      '0'.repeat(26),
      '../x',
      `${id}\0`,
      id.toLowerCase(),
      '..%2f',
      7,
      null,
      undefined,
      {},
      [id],
    ])
      for (const who of [{ owner: 'ann' }, { anyone: true }])
        expect(await ask({ id: wrong, ...who })).toMatchObject(unknown);
    for (const who of [
      { owner: null },
      { owner: undefined },
      { owner: '' },
      { owner: null, anyone: true },
      { anyone: 'no' },
      {},
    ])
      expect(await ask({ id, ...who }), JSON.stringify(who)).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHORIZED' },
      });
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      expect(await ask({ id, owner: 'ann' }, method)).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  });

  it('a client that reads slowly is waited for, and one that leaves costs no descriptor', async () => {
    const size = 24 * MiB;
    const id = await app.upload(randomBytes(size));
    app.asked.options = { id, owner: 'ann' };
    const open = () => openBelow(app.folder.path);
    for (const range of [undefined, `bytes=1-${size - 2}`]) {
      const [sent, response] = await new Promise<[http.ClientRequest, http.IncomingMessage]>((resolve) => {
        const asking = http.get(app.url, { headers: range ? { range } : {} }, (answer) =>
          resolve([asking, answer]),
        );
      });
      expect(response.statusCode).toBe(range ? 206 : 200);
      response.on('error', () => {});
      response.pause();
      await until(() => open().length === 1);
      if (range === undefined) {
        // Read until the network is full, and no further.
        let [before, still] = [-1, 0];
        for (; still < 200; still = open()[0] === before ? still + 1 : 0) {
          before = open()[0] ?? 0;
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(open()[0]).toBeLessThan(size / 2);
      }
      sent.destroy();
      await until(() => open().length === 0);
    }
  });

  it('a file that is removed while it is sent arrives whole, and is gone then', async () => {
    const bytes = randomBytes(16 * MiB);
    const id = await app.upload(bytes);
    app.asked.options = { id, owner: 'ann' };
    const answer = await fetch(app.url);
    const pieces: Uint8Array[] = [];
    for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) {
      if (pieces.length === 0) expect(await app.files.remove(id)).toBe(true);
      pieces.push(piece);
    }
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect((await fetch(app.url)).status).toBe(404);
    expect(await app.files.remove(id)).toBe(false);
  });

  it('a file that is cut while it is sent breaks the answer off, and does not hang', async () => {
    const id = await app.upload(randomBytes(16 * MiB));
    app.asked.options = { id, owner: 'ann' };
    const place = (await app.files.stat(id))?.absolutePath ?? '';
    const answer = await fetch(app.url);
    await fs.truncate(place, 1000);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    await until(() => openBelow(app.folder.path).length === 0);
    expect((await fetch(app.url)).status).toBe(404);
  });

  it('a disk that is away is no reason to say that the file is gone', async () => {
    await using app = await startApp(way);
    const bytes = randomBytes(1000);
    const id = await app.upload(bytes);
    app.asked.options = { id, owner: 'ann' };
    const files = path.join(app.folder.path, 'files');
    await fs.rename(files, `${files}-away`);
    const away = await fetch(app.url);
    expect([away.status, (await errorOf(away)).code]).toEqual([503, 'STORE_UNAVAILABLE']);
    await fs.rename(`${files}-away`, files);
    expect((await bytesOf(await fetch(app.url))).equals(bytes)).toBe(true);
    await app.server.uploads.close();
    const stopped = await fetch(app.url);
    expect([stopped.status, (await errorOf(stopped)).code]).toEqual([503, 'SERVER_BUSY']);
  });
});

test('HTTP/2 is served as well', async () => {
  await using app = await startApp();
  const bytes = randomBytes(2 * MiB);
  const id = await app.upload(bytes);
  const server = http2.createServer((req, res) => void app.files.serve(req, res, { id, owner: 'ann' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const read = (headers: http2.OutgoingHttpHeaders) =>
      new Promise<{ status: unknown; body: Buffer }>((resolve, reject) => {
        const stream = session.request(headers);
        let status: unknown;
        const pieces: Buffer[] = [];
        stream.on('response', (answer) => {
          status = answer[':status'];
        });
        stream.on('data', (piece: Buffer) => pieces.push(piece));
        stream.on('end', () => resolve({ status, body: Buffer.concat(pieces) }));
        stream.on('error', reject);
      });
    const part = await read({ range: 'bytes=5-1000000' });
    expect([part.status, part.body.equals(bytes.subarray(5, 1_000_001))]).toEqual([206, true]);
    const head = await read({ ':method': 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    // A stream that is reset closes its file.
    const cut = session.request({});
    await new Promise((resolve) => cut.once('response', resolve));
    cut.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => openBelow(app.folder.path).length === 0);
  } finally {
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a client that left before its answer costs no descriptor', async () => {
  await using app = await startApp();
  const id = await app.upload(randomBytes(MiB));
  const served = new Promise<unknown>((resolve) => {
    const server = http.createServer((req, res) => {
      res.destroy();
      app.files.serve(req, res, { id, owner: 'ann' }).then(resolve, resolve);
      server.close();
    });
    server.listen(0, '127.0.0.1', () => {
      http.get({ port: (server.address() as AddressInfo).port }).on('error', () => {});
    });
  });
  expect(await served).toBeUndefined();
  await until(() => openBelow(app.folder.path).length === 0);
});

describe('a Response that an app holds', () => {
  test('reads nothing ahead, and is closed by the signal of its request', async () => {
    await using app = await startApp();
    const id = await app.upload(randomBytes(8 * MiB));
    const gone = new AbortController();
    const asked = new Request('http://app/x', { signal: gone.signal });
    const answer = await app.files.serve(asked, { id, owner: 'ann' });
    const reader = answer.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(openBelow(app.folder.path)[0]).toBeLessThan(MiB);
    gone.abort();
    await until(() => openBelow(app.folder.path).length === 0);
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow();
    const late = await app.files.serve(asked, { id, owner: 'ann' });
    await expect(late.arrayBuffer()).rejects.toThrow();
    await until(() => openBelow(app.folder.path).length === 0);
  });

  test('closes its file where its body is cancelled', async () => {
    await using app = await startApp();
    const id = await app.upload(randomBytes(MiB));
    for (const readFirst of [false, true]) {
      const answer = await app.files.serve(new Request('http://app/x'), { id, owner: 'ann' });
      const reader = answer.body?.getReader();
      if (readFirst) await reader?.read();
      await reader?.cancel();
      await until(() => openBelow(app.folder.path).length === 0);
    }
  });
});
