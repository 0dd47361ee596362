import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
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
