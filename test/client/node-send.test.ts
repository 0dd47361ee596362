import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { nodeSender } from '../../client/node/index.js';
import type { SendRequest } from '../../client/send.js';
import { CLIENT_DEFAULTS, MiB } from '../../contract/index.js';
import { manualClock } from './support/clock.js';
import { bytesOf, gate } from './support/setup.js';

/** @param listener answers requests; @param raw takes whole connections instead */
async function listen(listener: http.RequestListener | null, raw?: (socket: net.Socket) => void) {
  // A connection ends when somebody ends it, not by a timer.
  const server = listener ? http.createServer({ keepAliveTimeout: 0 }, listener) : net.createServer(raw);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const post = (url: string, body: SendRequest['body'], more: Partial<SendRequest> = {}): SendRequest => ({
  ...{ url, method: 'POST', headers: {}, body, signal: undefined },
  ...more,
});

const drain: http.RequestListener = (req, res) => {
  let bytes = 0;
  req.on('data', (part) => {
    bytes += part.length;
  });
  req.on('end', () => res.end(String(bytes)));
};

describe('the Node sender', () => {
  it('breaks off an answer that is longer than any of a server', async () => {
    const part = Buffer.alloc(MiB);
    let written = 0;
    const closed = gate();
    await using server = await listen((_, res) => {
      res.on('close', closed.open);
      const more = () => {
        while (!res.destroyed && written < CLIENT_DEFAULTS.maxAnswerBytes * 4) {
          written += part.length;
          if (!res.write(part)) return void res.once('drain', more);
        }
        res.end();
      };
      more();
    });
    await using sender = nodeSender();
    const sending = sender.send({ ...post(server.url, undefined), method: 'GET' });
    await expect(sending).rejects.toMatchObject({ code: 'PROTOCOL', retryable: false });
    await closed.opened;
    expect(written).toBeLessThan(CLIENT_DEFAULTS.maxAnswerBytes * 4);
  });

  it.each([
    ['bytes', 3 * MiB + 1, (bytes: Buffer) => bytes],
    ['a Blob', 3 * MiB + 1, (bytes: Buffer) => new Blob([new Uint8Array(bytes)])],
    ['nothing', 0, (bytes: Buffer) => bytes],
  ])('sends %s whole over one kept connection, telling growing progress', async (_, size, as) => {
    await using server = await listen(drain);
    await using sender = nodeSender();
    for (let i = 0; i < 3; i++) {
      const seen: number[] = [];
      const answer = await sender.send(
        post(server.url, as(bytesOf(size)), { onProgress: (n) => seen.push(n) }),
      );
      expect([answer.status, await answer.text()]).toEqual([200, String(size)]);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.length).toBe(Math.ceil(size / CLIENT_DEFAULTS.sendSliceBytes));
      expect(seen.at(-1) ?? 0).toBe(size);
    }
    expect(server.sockets.size).toBe(1);
  });

  it('takes an answer that comes before the body was read, and goes on with the next request', async () => {
    let requests = 0;
    const closed = gate();
    await using server = await listen((req, res) => {
      if (++requests > 1) return drain(req, res);
      req.socket.on('close', closed.open);
      req.pause();
      res.writeHead(409, { 'content-type': 'application/json' }).end('{"error":{}}');
    });
    await using sender = nodeSender();
    const answer = await sender.send(post(server.url, bytesOf(64 * MiB)));
    expect([answer.status, await answer.text()]).toEqual([409, '{"error":{}}']);
    await closed.opened;
    const next = await sender.send(post(server.url, bytesOf(10)));
    expect(await next.text()).toBe('10');
  });

  it('aborts a body on its way: the server sees the connection close', async () => {
    const broken = gate();
    await using server = await listen((req) => {
      req.once('data', () => controller.abort());
      req.on('error', () => broken.open());
    });
    await using sender = nodeSender();
    const controller = new AbortController();
    const sending = sender.send(post(server.url, bytesOf(64 * MiB), { signal: controller.signal }));
    await expect(sending).rejects.toThrow(/aborted/);
    await broken.opened;
  });

  it('fails with NETWORK when no byte moves for too long', async () => {
    const clock = manualClock();
    await using server = await listen((req) => req.pause());
    await using sender = nodeSender({ clock, stallMs: 5000 });
    const sending = sender.send(post(server.url, bytesOf(64 * MiB)));
    sending.catch(() => {});
    await clock.timer((ms) => ms === 5000);
    clock.advance(4999);
    clock.advance(5000);
    await expect(sending).rejects.toMatchObject({ code: 'NETWORK', retryable: true });
  });

  it('fails with NETWORK where the server closes a kept connection just then', async () => {
    await using server = await listen(null, (socket) => {
      let requests = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        else socket.resetAndDestroy();
      });
    });
    await using sender = nodeSender();
    const first = await sender.send(post(server.url, undefined));
    expect(await first.text()).toBe('ok');
    await expect(sender.send(post(server.url, undefined))).rejects.toMatchObject({ code: 'NETWORK' });
    const third = await sender.send(post(server.url, undefined));
    expect(third.status).toBe(200);
  });

  it('fails with NETWORK where the answer breaks off, and with a clear word on other schemes', async () => {
    await using server = await listen(null, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nbroken'));
    });
    await using sender = nodeSender();
    await expect(sender.send(post(server.url, undefined))).rejects.toMatchObject({ code: 'NETWORK' });
    const ftp = sender.send(post('ftp://127.0.0.1/', undefined));
    await expect(ftp).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
