import path from 'node:path';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { createUploader, uploadLink } from '../../client/index.js';
import { MiB } from '../../contract/index.js';
import type { AppRouter } from '../../examples/fetch/handler.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile } from '../support/wire.js';
import { describeExample } from './support/describe-example.js';

const signedIn = { cookie: 'session=session-of-ann' };

describeExample('the fetch adapter on @hono/node-server', { file: 'examples/fetch/server.ts', signedIn });

describe('the fetch handler in this process', () => {
  it('takes a file from the typed client, and a chunk again whose sender went away', async () => {
    await using folder = await temporaryFolder();
    process.env.ROOT = path.join(folder.path, 'root');
    const { handler, close } = await import('../../examples/fetch/handler.js');
    const url = 'http://localhost/trpc';
    const call = (address: unknown, init?: unknown) => {
      const request = new Request(String(address), init as RequestInit);
      // `fetch` would send it; a Request made here may not name its cookies otherwise.
      request.headers.set('cookie', signedIn.cookie);
      return handler(request);
    };
    const fetchLike = call as typeof fetch;
    const trpc = createTRPCClient<AppRouter>({
      links: [uploadLink<AppRouter>({ url, fetch: fetchLike }), httpBatchLink({ url, fetch: fetchLike })],
    });
    const file = randomFile(2 * MiB, MiB);
    const photo = { policy: 'photos', metadata: { album: 'summer' } } as const;
    const { uploadId } = await trpc.uploads.init.mutate({
      ...file.input('photo.jpg'),
      ...photo,
      type: 'image/jpeg',
    });

    const gone = new AbortController();
    const dying = call(`${url}/uploads.chunk`, {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(file.fields(uploadId, 0))),
      },
      // A host whose stream never tells that its sender died.
      body: new ReadableStream({
        start: (stream) => stream.enqueue(new Uint8Array(1000)),
        pull: () => {
          gone.abort();
          return new Promise(() => {});
        },
      }),
      duplex: 'half',
      signal: gone.signal,
    });
    expect((await dying).status).toBeGreaterThanOrEqual(400);
    expect(await trpc.uploads.resume.query({ uploadId })).toMatchObject({ missing: [[0, 1]] });

    const uploader = createUploader(trpc.uploads);
    const source = new File([file.bytes], 'photo.jpg', { type: 'image/jpeg' });
    const result = await uploader.upload(source, photo);
    expect(result).toMatchObject({ uploadId, status: 'completed' });
    expect(result.data?.url).toBe(`/albums/summer/${uploadId}`);
    await close();
  });
});
