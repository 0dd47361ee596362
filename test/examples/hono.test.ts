import { expect, it } from 'vitest';
import { MiB } from '../../contract/index.js';
import { randomFile } from '../support/wire.js';
import { until } from './support/back-pressure.js';
import { describeExample } from './support/describe-example.js';

const signedIn = { authorization: 'Bearer token-of-ann' };

describeExample('Hono on Node', { file: 'examples/hono/server.ts', signedIn }, (setting) => {
  it('lets a page of another origin send chunks', async () => {
    const answer = await fetch(`${setting().app.url}/uploads.chunk`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-chunkwise-chunk',
      },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const allowed = answer.headers.get('access-control-allow-headers')?.split(',') ?? [];
    expect(allowed).toEqual(expect.arrayContaining(['authorization', 'content-type', 'x-chunkwise-chunk']));
    expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThan(0);
    const refused = await fetch(`${setting().app.url}/me`, { headers: { origin: 'https://app.example' } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });

  it('closes the connection of a refused chunk whose rest does not come', async () => {
    const raw = await setting().raw(randomFile(MiB, MiB).fields('01ARZ3NDEKTSV4RRFFQ69G5FAV', 0), MiB);
    raw.write(1000);
    expect(await raw.answer).toBe(404);
    await until(
      () => setting().app.bytesRead(raw.port),
      (bytes) => bytes === null,
    );
  });
});
