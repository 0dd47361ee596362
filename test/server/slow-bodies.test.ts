import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { SERVE_DEFAULTS } from '../../contract/index.js';
import { startStandalone } from '../../server/standalone/app.js';
import { manualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/server.js';

const JSON_TYPE = 'content-type: application/json';
const CHUNK = 'content-type: application/octet-stream\r\nx-chunkwise-chunk: %7B%7D';

describe('a connection whose body does not arrive is closed', () => {
  it.each([
    ['for a method that nothing answers', 'PUT /nothing', 'localhost', JSON_TYPE, null],
    ['for a query', 'GET /', 'localhost', JSON_TYPE, 200],
    ['for a chunk that lacks the token', 'POST /trpc/uploads.chunk', 'localhost', CHUNK, 401],
    ['for a chunk to nowhere', 'POST /nothing', 'localhost', CHUNK, 404],
    ['for a chunk to another host', 'POST /nothing', 'example.org', CHUNK, 421],
    ['for a call', 'POST /trpc/uploads.init', 'localhost', JSON_TYPE, null],
  ])('%s', async (_, line, host, headers, status) => {
    await using folder = await temporaryFolder();
    const clock = manualClock();
    await using app = await startStandalone({
      root: folder.path,
      host: '127.0.0.1',
      port: 0,
      allowedHosts: [],
      allowedOrigins: [],
      token: 'secret',
      requestsPerMinute: 0,
      log: { info() {}, warn() {}, error() {} },
      clock,
    });
    const asleep = clock.pending;
    const socket = net.connect(Number(new URL(app.url).port), '127.0.0.1');
    const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')));
    const answered = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    socket.on('error', () => {});
    socket.write(`${line} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\ncontent-length: 100000\r\n\r\nx`);
    if (status !== null) expect(await answered).toContain(`HTTP/1.1 ${status} `);
    const nextTurn = () => new Promise((resolve) => setImmediate(resolve, 'open'));
    // The request is on its way to the server, which then watches it.
    while (clock.pending <= asleep) await nextTurn();
    await clock.advance(SERVE_DEFAULTS.jsonBodyMs);
    expect(await closed).toBe('closed');
  });
});
