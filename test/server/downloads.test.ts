import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startStandalone } from '../../server/standalone/app.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile, request, wireClient } from '../support/wire.js';

const silent = { info() {}, warn() {}, error() {} };

it('`serve` gives files back to who has the token: whole, in part, or only if they changed', async () => {
  await using folder = await temporaryFolder();
  await using app = await startStandalone({
    ...{ root: folder.path, host: '127.0.0.1', port: 0, allowedHosts: [], requestsPerMinute: 0, log: silent },
    ...{ allowedOrigins: ['https://app.example'], token: null },
  });
  const file = randomFile(100_000, 100_000);
  const client = wireClient(`${app.url}/trpc`);
  const { uploadId } = (await client.init(file.input())).data;
  await client.chunk(file.fields(uploadId, 0), file.bytes);
  const url = `${app.url}/files/${uploadId}`;

  const part = await fetch(url, { headers: { range: 'bytes=10-19', origin: 'https://app.example' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(file.bytes.subarray(10, 20))).toBe(true);
  // What the server says of every answer is said of this one, but for what the file needs otherwise.
  expect(Object.fromEntries(part.headers)).toMatchObject({
    'access-control-allow-origin': 'https://app.example',
    'x-frame-options': 'SAMEORIGIN',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    'content-disposition': 'attachment; filename="file.bin"',
    'content-type': 'application/octet-stream',
  });
  const head = await request(url, { method: 'HEAD' });
  expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '100000', '']);
  const known = await request(url, { headers: { 'if-none-match': head.headers.etag } });
  expect([known.status, known.text]).toEqual([304, '']);
  for (const wrong of [
    'x',
    '0'.repeat(26),
    `${uploadId}%00`,
    '..%2fchunkwise.db',
    encodeURIComponent(`../${uploadId}`),
  ]) {
    const { status, text } = await request(`${app.url}/files/${wrong}`);
    expect([status, JSON.parse(text).code]).toEqual([404, 'UPLOAD_NOT_FOUND']);
  }
});

it('`serve` with a token shows nothing without it', async () => {
  await using folder = await temporaryFolder();
  const token = randomBytes(16).toString('hex');
  await using app = await startStandalone({
    ...{ root: folder.path, host: '127.0.0.1', port: 0, allowedHosts: [], requestsPerMinute: 0, log: silent },
    ...{ allowedOrigins: [], token },
  });
  const ask = async (authorization?: string) => {
    const { status, text } = await request(`${app.url}/files/${'0'.repeat(26)}`, {
      headers: { authorization },
    });
    return [status, JSON.parse(text).code];
  };
  expect(await ask()).toEqual([401, 'UNAUTHORIZED']);
  expect(await ask(`Bearer ${token}x`)).toEqual([401, 'UNAUTHORIZED']);
  expect(await ask(`Bearer ${token}`)).toEqual([404, 'UPLOAD_NOT_FOUND']);
});

describe('DELETE', () => {
  const silently = { log: silent, host: '127.0.0.1', port: 0, allowedHosts: [], requestsPerMinute: 0 };
  const remove = (url: string, headers: Record<string, string> = {}) =>
    request(url, { method: 'DELETE', headers });

  it('removes a completed file, once', async () => {
    await using folder = await temporaryFolder();
    await using app = await startStandalone({
      ...{ ...silently, root: folder.path, allowedOrigins: ['https://app.example'], token: null },
    });
    const file = randomFile(1000, 1000);
    const client = wireClient(`${app.url}/trpc`);
    const { uploadId } = (await client.init(file.input())).data;
    const url = `${app.url}/files/${uploadId}`;
    // Unfinished: there is no file yet.
    expect((await remove(url)).status).toBe(404);
    await client.chunk(file.fields(uploadId, 0), file.bytes);
    expect(await readdir(path.join(folder.path, 'files'))).toEqual([uploadId]);

    expect((await remove(url, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await request(url)).status).toBe(200);
    const removed = await remove(url, { origin: 'https://app.example' });
    expect([removed.status, removed.text, removed.headers['access-control-allow-origin']]).toEqual([
      204,
      '',
      'https://app.example',
    ]);
    const again = await remove(url);
    expect([again.status, JSON.parse(again.text)]).toEqual([
      404,
      { code: 'UPLOAD_NOT_FOUND', error: 'There is no such file.' },
    ]);
    expect((await request(url)).status).toBe(404);
    expect(await readdir(path.join(folder.path, 'files'))).toEqual([]);
    expect((await client.query('resume', { uploadId })).data).toMatchObject({ status: 'gone' });
    // A page of that origin may ask for it.
    const asked = await request(url, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'DELETE' },
    });
    expect(asked.headers['access-control-allow-methods']).toContain('DELETE');
  });

  it('takes what the server allows, and nothing that leads elsewhere', async () => {
    await using folder = await temporaryFolder();
    const token = randomBytes(16).toString('hex');
    await using app = await startStandalone({
      ...{ ...silently, root: folder.path, allowedOrigins: [], token },
    });
    const authorization = `Bearer ${token}`;
    const status = async (id: string, headers: Record<string, string> = { authorization }) =>
      (await remove(`${app.url}/files/${id}`, headers)).status;
    expect(await status('0'.repeat(26), {})).toBe(401);
    for (const wrong of ['0'.repeat(26), 'x', '..%2fchunkwise.db', '%00'])
      expect(await status(wrong)).toBe(404);
    expect(await readdir(folder.path)).toContain('chunkwise.db');
  });
});
