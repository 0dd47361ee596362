import fs from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../contract/index.js';
import { startServer, type TestServer, temporaryFolder } from '../support/server.js';
import { type Answer, randomFile, sha256, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;

describe('bad chunk requests', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  let agent: http.Agent;
  let connections = 0;
  let client: ReturnType<typeof wireClient>;
  const file = randomFile(MiB, CHUNK);
  let uploadId: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startServer({
      root: folder.path,
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
    });
    agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (...args) => {
      connections++;
      return connect(...args);
    };
    client = wireClient(server.url, 'ann', agent);
    uploadId = (await client.init(file.input())).data.uploadId;
  });
  afterAll(async () => {
    agent.destroy();
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** The refusal left nothing behind, and the next request on the same connection works. */
  async function expectUnharmed() {
    const view = await client.query<{ receivedChunks: number; status: string }>('resume', { uploadId });
    expect(view.status).toBe(200);
    expect(view.data).toMatchObject({
      status: 'receiving',
      receivedChunks: 0,
      receivedBytes: 0,
      missing: [[0, 3]],
    });
    expect(connections).toBe(1);
  }

  it('answers a wrong hash with 409, the index, and the retries left', async () => {
    const fields = { ...file.fields(uploadId, 2), hash: sha256(Buffer.from('something else')) };
    const answer = await client.chunk(fields, file.piece(2));
    expect(answer.status).toBe(409);
    expect(answer.upload).toEqual({
      code: 'CHUNK_HASH_MISMATCH',
      retryable: true,
      index: 2,
      expected: fields.hash,
      received: sha256(file.piece(2)),
      retriesLeft: 99,
    });
    await expectUnharmed();
  });

  const wrongGeometry: [string, object][] = [
    ['offset', { offset: 1 }],
    ['size', { size: CHUNK - 1 }],
    ['total', { total: 5 }],
    ['index past the end', { index: 4, offset: 4 * CHUNK }],
    ['the next chunk’s offset', { offset: 2 * CHUNK }],
  ];
  it.each(wrongGeometry)('refuses a wrong %s with the plan', async (_, wrong) => {
    const fields = { ...file.fields(uploadId, 1), ...wrong };
    const answer = await client.chunk(fields, file.piece(1).subarray(0, fields.size));
    expect(answer.status).toBe(400);
    expect(answer.upload).toMatchObject({
      code: 'CHUNK_GEOMETRY',
      retryable: false,
      plan: { mode: 'chunked', chunkSize: CHUNK, total: 4 },
    });
    await expectUnharmed();
  });

  const malformed: [string, object][] = [
    ['NaN', { index: Number.NaN }],
    ['a negative index', { index: -1 }],
    ['a fraction', { index: 0.5 }],
    ['2^53', { offset: 2 ** 53 }],
    ['1e308', { offset: 1e308 }],
    ['a number as text', { index: '0' }],
    ['null', { size: null }],
    ['an upper-case hash', { hash: 'A'.repeat(64) }],
    ['a short hash', { hash: 'a'.repeat(63) }],
    ['an unknown field', { extra: 1 }],
    ['a missing field', { hash: undefined }],
    ['an id with a slash', { uploadId: '../../../../../../../etc/pw' }],
    ['an id in lower case', { uploadId: '01arz3ndektsv4rrffq69g5fav' }],
    ['an id of other letters', { uploadId: '01ARZ3NDEKTSV4RRFFQ69G5FAI' }],
    ['a polluting field', JSON.parse('{"__proto__":{"polluted":true}}')],
  ];
  it.each(malformed)('refuses %s', async (_, wrong) => {
    const answer = await client.chunk({ ...file.fields(uploadId, 1), ...wrong }, file.piece(1));
    expect(answer.status).toBe(400);
    expect(answer.upload?.code).toBe('INPUT_INVALID');
    expect(Object.getPrototypeOf({})).not.toHaveProperty('polluted');
    await expectUnharmed();
  });

  const headers: [string, http.OutgoingHttpHeaders][] = [
    ['text', { 'x-chunkwise-chunk': 'hello' }],
    ['broken encoding', { 'x-chunkwise-chunk': '%E0%A4%A' }],
    ['an array', { 'x-chunkwise-chunk': encodeURIComponent('[1]') }],
    ['null', { 'x-chunkwise-chunk': 'null' }],
    ['5 KiB', { 'x-chunkwise-chunk': 'a'.repeat(5 * KiB) }],
    ['nothing', { 'x-chunkwise-chunk': '' }],
    ['a gzip body', { 'content-encoding': 'gzip' }],
    ['another content type', { 'content-type': 'application/json' }],
  ];
  it.each(headers)('refuses a header with %s', async (_, extra) => {
    const answer = await client.chunk(file.fields(uploadId, 1), file.piece(1), extra);
    expect(answer.status).toBe(400);
    expect(answer.upload?.code).toBe('INPUT_INVALID');
    await expectUnharmed();
  });

  it('refuses a body that is announced too short or too long, before reading it', async () => {
    for (const [body, received] of [
      [file.piece(1).subarray(1), CHUNK - 1],
      [file.bytes, MiB],
    ] as const) {
      const answer = await client.chunk(file.fields(uploadId, 1), body);
      expect(answer.status).toBe(400);
      expect(answer.upload).toMatchObject({ code: 'CHUNK_INCOMPLETE', expected: CHUNK, received, index: 1 });
      await expectUnharmed();
    }
  });

  it('counts the bytes of a body without a length', async () => {
    const extra = { 'content-length': undefined, 'transfer-encoding': 'chunked' };
    for (const body of [
      file.piece(1).subarray(1),
      Buffer.concat([file.piece(1), Buffer.from([0])]),
      file.bytes,
    ]) {
      const answer = await client.chunk(file.fields(uploadId, 1), body, extra);
      expect(answer.status).toBe(400);
      expect(answer.upload).toMatchObject({ code: 'CHUNK_INCOMPLETE', expected: CHUNK });
      await expectUnharmed();
    }
  });

  it('forgets a chunk whose sender dies in the middle', async () => {
    const { port } = new URL(server.url);
    const fields = encodeURIComponent(JSON.stringify(file.fields(uploadId, 1)));
    for (const end of ['FIN', 'RST'] as const) {
      const socket = net.connect(Number(port), '127.0.0.1');
      const arrived = new Promise<http.IncomingMessage>((resolve) => server.server.once('request', resolve));
      socket.write(
        `POST /uploads.chunk HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${CHUNK}\r\nx-chunkwise-chunk: ${fields}\r\n\r\n`,
      );
      socket.write(file.piece(1).subarray(0, 1000));
      const request = await arrived;
      const gone = new Promise((resolve) => request.once('close', resolve));
      socket.on('error', () => {});
      if (end === 'FIN') socket.end();
      else socket.resetAndDestroy();
      await gone;
    }
    const view = await client.query('resume', { uploadId });
    expect(view.data).toMatchObject({ receivedChunks: 0 });
  });

  it('tells nothing of unknown uploads, nor of somebody else’s', async () => {
    const unknown = { ...file.fields(uploadId, 1), uploadId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
    const answers: Answer[] = [await client.chunk(unknown, file.piece(1))];
    const other = wireClient(server.url, 'bob');
    answers.push(await other.chunk(file.fields(uploadId, 1), file.piece(1)));
    answers.push(await other.query('resume', { uploadId }));
    answers.push(await other.query('resume', { hash: file.hash, size: MiB, chunkSize: CHUNK }));
    answers.push(await other.mutate('abort', { uploadId }));
    for (const answer of answers) {
      expect(answer.status).toBe(404);
      expect(answer.upload).toEqual({ code: 'UPLOAD_NOT_FOUND', retryable: false });
    }
    expect((await other.query('list', {})).data).toEqual({ items: [] });
    expect(
      (await wireClient(server.url, 'nobody').chunk(file.fields(uploadId, 1), file.piece(1))).status,
    ).toBe(401);
    await expectUnharmed();
  });

  it('takes one chunk a request: no batches, no JSON', async () => {
    const batch = await client.mutate('chunk,uploads.chunk?batch=1', {
      0: file.fields(uploadId, 0),
      1: file.fields(uploadId, 1),
    });
    expect(batch.status).toBe(400);
    const json = await client.mutate('chunk', { ...file.fields(uploadId, 0), data: [1, 2, 3] });
    expect(json.status).toBe(400);
    expect(json.upload?.code).toBe('INPUT_INVALID');
    await expectUnharmed();
  });

  it('leaves nothing on the disk, and then the upload completes', async () => {
    const staged = await fs.stat(path.join(folder.path, 'staging', uploadId));
    expect(staged.blocks).toBe(0);
    let answer: Answer | undefined;
    for (let index = 0; index < 4; index++)
      answer = await client.chunk(file.fields(uploadId, index), file.piece(index));
    expect(answer?.data).toMatchObject({ status: 'completed', hash: file.hash });
  });

  it('refuses other chunks after completion with the path, and after an abort with the state', async () => {
    const late = { ...file.fields(uploadId, 1), hash: sha256(file.piece(2)) };
    const afterCompletion = await client.chunk(late, file.piece(2));
    expect(afterCompletion.status).toBe(412);
    expect(afterCompletion.upload).toMatchObject({
      code: 'UPLOAD_CLOSED',
      status: 'completed',
      path: `files/${uploadId}/file.bin`,
    });

    const abortCompleted = await client.mutate('abort', { uploadId });
    expect(abortCompleted.status).toBe(412);
    expect(abortCompleted.upload).toMatchObject({
      code: 'UPLOAD_CLOSED',
      status: 'completed',
      path: `files/${uploadId}/file.bin`,
    });

    const second = randomFile(MiB, CHUNK);
    const { data } = await client.init(second.input('second.bin'));
    await client.chunk(second.fields(data.uploadId, 0), second.piece(0));
    expect((await client.mutate('abort', { uploadId: data.uploadId })).data).toMatchObject({
      status: 'aborted',
    });
    expect((await client.mutate('abort', { uploadId: data.uploadId })).data).toMatchObject({
      status: 'aborted',
    });
    const afterAbort = await client.chunk(second.fields(data.uploadId, 1), second.piece(1));
    expect(afterAbort.status).toBe(412);
    expect(afterAbort.upload).toMatchObject({ code: 'UPLOAD_CLOSED', status: 'aborted' });
    expect((await client.init(second.input('second.bin'))).data.uploadId).not.toBe(data.uploadId);
  });
});

describe('a server without the adapter hook', () => {
  it('says so, instead of buffering, and tells its operator once', async () => {
    await using folder = await temporaryFolder();
    const warnings: string[] = [];
    const log = { info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) };
    await using server = await startServer({ root: folder.path, log, ownThreads: true });
    // Another part of the app, as a framework loads it, and after it a reload.
    await using second = await startServer({ root: folder.path, log, ownThreads: true });
    const file = randomFile(1000, 1000);
    for (const { server: http, url } of [server, second, server]) {
      const client = wireClient(url);
      const { data } = await client.init(file.input());
      // The same request, with the mark that the hook left taken away: a server whose hook was forgotten.
      http.prependListener('request', (request) => {
        Object.defineProperty(request, Symbol.for('chunkwise.body-kept'), {
          ...{ get: () => undefined, set() {}, configurable: true },
        });
      });
      const answer = await client.chunk(file.fields(data.uploadId, 0), file.bytes);
      expect(answer.status).toBe(500);
      expect(answer.upload).toEqual({ code: 'ADAPTER_MISSING', retryable: false });
    }
    expect(warnings).toEqual([
      expect.stringMatching(
        /^no chunk can be received: .*`middleware: uploads\.middleware`.*uploads\.express\(\)/,
      ),
    ]);
  });
});
