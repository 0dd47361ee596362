import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../contract/index.js';
import { peakMemory } from '../support/peak-memory.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, sha256, wireClient } from '../support/wire.js';

async function startSlowServer(root: string, budgetBytes: number) {
  const script = fileURLToPath(new URL('../support/slow-server.js', import.meta.url));
  const child = spawn(process.execPath, [script, root, String(budgetBytes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const died = once(child, 'exit').then(() => Promise.reject(new Error('the server did not start')));
  const [url] = (await Promise.race([once(createInterface(child.stdout), 'line'), died])) as [string];
  died.catch(() => {});
  return {
    url,
    pid: child.pid as number,
    async [Symbol.asyncDispose]() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await exited;
    },
  };
}

/** What a server costs beside the bodies: threads, heaps, and transferred buffers that no collection has freed yet. */
const CONSTANT_BYTES = 256 * MiB;

describe('memory', () => {
  it('stays within the budget with 64 chunks of 8 MiB in flight on a slow disk', async (context) => {
    if (process.platform !== 'linux') return context.skip('lacks /proc, which tells the peak memory');
    await using folder = await temporaryFolder();
    const budget = 64 * MiB;
    await using server = await startSlowServer(folder.path, budget);
    const client = wireClient(server.url);
    const chunk = 8 * MiB;
    const bytes = randomBytes(chunk);
    const hash = sha256(bytes);
    const before = await peakMemory(server.pid);
    const { uploadId } = (await client.init({ name: 'big', size: 64 * chunk, chunkSize: chunk, hash: null }))
      .data;
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        client.chunk({ uploadId, index, offset: index * chunk, size: chunk, total: 64, hash }, bytes),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 64 }, () => 200));
    const grown = (await peakMemory(server.pid)) - before;
    // All bodies together are 512 MiB.
    expect(grown).toBeLessThan(budget + CONSTANT_BYTES);
  });
});

describe('forty stalled clients', () => {
  it('do not stop a forty-first', async () => {
    await using folder = await temporaryFolder();
    const chunk = 8 * MiB;
    await using server = await startServer({
      ownThreads: true,
      root: folder.path,
      memoryBudgetBytes: 32 * MiB,
      bodyRateWindowMs: 300,
      budgetWaitMs: 500,
      policies: { default: { threshold: KiB, chunkSize: chunk, maxChunkSize: chunk } },
    });
    const mallory = wireClient(server.url, 'mallory');
    const { uploadId } = (
      await mallory.init({ name: 'stall', size: 100 * chunk, chunkSize: chunk, hash: null })
    ).data;
    const sockets = Array.from({ length: 40 }, (_, index) => {
      const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
      const fields = {
        uploadId,
        index,
        offset: index * chunk,
        size: chunk,
        total: 100,
        hash: '0'.repeat(64),
      };
      socket.on('error', () => {});
      socket.write(
        `POST /uploads.chunk HTTP/1.1\r\nhost: x\r\nx-test-owner: mallory\r\ncontent-type: application/octet-stream\r\ncontent-length: ${chunk}\r\nx-chunkwise-chunk: ${encodeURIComponent(JSON.stringify(fields))}\r\n\r\nx`,
      );
      return socket;
    });
    let stalled = 0;
    await new Promise<void>((resolve) =>
      server.server.on('request', (request) => {
        if (request.headers['content-length'] === String(chunk) && ++stalled === 40) resolve();
      }),
    );
    const ann = wireClient(server.url, 'ann');
    const file = randomFile(3 * MiB, chunk);
    const init = (await ann.init(file.input())).data;
    let answer = await ann.chunk(file.fields(init.uploadId, 0), file.bytes);
    // Busy is an answer that a client comes back from.
    for (let tries = 0; answer.upload?.code === 'SERVER_BUSY' && tries < 20; tries++)
      answer = await ann.chunk(file.fields(init.uploadId, 0), file.bytes);
    expect(answer.data).toMatchObject({ status: 'completed' });
    for (const socket of sockets) socket.destroy();
  });

  it('get CHUNK_TIMEOUT themselves, and leave their memory', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path, ownThreads: true, bodyRateWindowMs: 120 });
    const client = wireClient(server.url);
    const file = randomFile(MiB, MiB);
    const { uploadId } = (await client.init(file.input())).data;
    const stalled = fetch(`${server.url}/uploads.chunk`, {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(file.fields(uploadId, 0))),
      },
      body: new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(10)) }),
      duplex: 'half',
    } as RequestInit);
    const answer = await stalled;
    expect(answer.status).toBe(408);
    expect(await answer.json()).toMatchObject({
      error: { data: { upload: { code: 'CHUNK_TIMEOUT', retryable: true, index: 0 } } },
    });
    expect((await client.chunk(file.fields(uploadId, 0), file.bytes)).data).toMatchObject({
      status: 'completed',
    });
  });
});

describe('a body that nobody wants', () => {
  it.each([
    ['of nobody', { 'x-test-owner': 'nobody' }, 401],
    ['with an unreadable header', { 'x-chunkwise-chunk': 'x' }, 400],
    ['of an unknown upload', {}, 404],
  ])('%s does not hold its connection', async (_, extra, status) => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path, ownThreads: true, bodyRateWindowMs: 200 });
    const fields = randomFile(MiB, MiB).fields('01ARZ3NDEKTSV4RRFFQ69G5FAV', 0);
    const headers = {
      'x-test-owner': 'ann',
      'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(fields)),
      ...extra,
    };
    const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `POST /uploads.chunk HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${MiB}\r\n${lines.join('')}\r\nx`,
    );
    let answer = '';
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('error', () => {});
    // The server closes it; nothing here does.
    await once(socket, 'close');
    expect(answer).toContain(`HTTP/1.1 ${status}`);
  });
});
