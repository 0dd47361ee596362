import { expect, it } from 'vitest';
import { MiB } from '../../contract/index.js';
import { startApp } from './support/app.js';
import { READ_AHEAD, until } from './support/back-pressure.js';
import { openHttp1 } from './support/raw-chunk.js';

it('tRPC by itself reads a whole body that nobody wants, and the measure of the other tests sees it', async () => {
  await using app = await startApp('test/examples/support/greedy-server.ts', {});
  const size = 32 * MiB;
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
  const raw = await openHttp1(`${app.url}/hold`, headers);
  raw.write(size);
  const read = await until(
    async () => (await app.bytesRead(raw.port)) ?? 0,
    (bytes) => bytes > size,
  );
  expect(read).toBeGreaterThan(READ_AHEAD);
  expect(raw.answered).toBe(false);
  raw.die('close');
});
