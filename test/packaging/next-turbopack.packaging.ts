import { existsSync } from 'node:fs';
import { cp, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { randomFile, request } from '../support/wire.js';
import {
  build,
  clientOf,
  type NextServer,
  newRoot,
  nextApp,
  openChunk,
  signIn,
  startNext,
  startStandalone,
} from './support/next-app.js';
import type { Scratch } from './support/scratch.js';

/** A proxy that leaves the uploads alone, except for requests that ask for it. */
const PROXY = `import { NextResponse } from 'next/server';
export const proxy = () => NextResponse.next();
export const config = {
  matcher: [
    '/((?!api/trpc/uploads\\\\.).*)',
    { source: '/api/trpc/:path*', has: [{ type: 'header', key: 'x-through-proxy' }] },
  ],
};
`;

const CONFIG = `import { withChunkwise } from 'chunkwise/next';
import type { NextConfig } from 'next';
export default withChunkwise(async (phase: string): Promise<NextConfig> => ({
  output: 'standalone',
  env: { PHASE: phase },
  experimental: process.env.LIMIT ? { proxyClientMaxBodySize: Number(process.env.LIMIT) } : {},
}));
`;

/** Compiled by the build: the client knows the policies by name. */
const TYPES = `import { createTRPCClient, httpLink } from '@trpc/client';
import { createUploader } from 'chunkwise/client';
import type { AppRouter } from './server/router';
const trpc = createTRPCClient<AppRouter>({ links: [httpLink({ url: '/api/trpc' })] });
const uploader = createUploader(trpc.uploads);
export async function typed(file: Blob): Promise<string> {
  // @ts-expect-error no policy of that name
  await uploader.upload(file, { policy: 'album', metadata: { album: 'summer' } });
  // @ts-expect-error the album is missing
  await uploader.upload(file, { policy: 'albums', metadata: {} });
  const { data } = await uploader.upload(file, { policy: 'albums', metadata: { album: 'summer' } });
  return data?.href ?? '';
}
`;

const policy = { policy: 'albums', metadata: { album: 'summer' } };
const root = newRoot('turbopack');
let app: Scratch;

beforeAll(async () => {
  app = await nextApp('pnpm', { 'next.config.ts': CONFIG, 'proxy.ts': PROXY, 'types.ts': TYPES });
  await build(app, 'turbopack', root);
});
afterAll(() => app?.[Symbol.asyncDispose]());

async function connectTo({ url }: NextServer, more: Record<string, string> = {}, options = {}) {
  const headers = { ...(await signIn(url)), ...more };
  const { connect } = await clientOf(app);
  return { headers, ...connect({ url: `${url}/api/trpc`, headers, ...options }) };
}

function photo(size: number) {
  const { bytes } = randomFile(size, size);
  return { bytes, blob: new Blob([new Uint8Array(bytes)], { type: 'image/png' }) };
}

describe('Next.js, built by Turbopack and installed by pnpm', () => {
  test('builds without opening the uploads', () => {
    expect(existsSync(root)).toBe(false);
  });

  test('a body that waits for memory stays with its sender', async () => {
    await using server = await startNext(app, ['start'], { root });
    await using connection = await connectTo(server);
    // Four of them are all of the memory for chunks.
    const size = 64 * MiB;
    const body = new Uint8Array(size);
    const { uploadId } = await connection.uploads.init.mutate({
      name: 'five.bin',
      size: 5 * size,
      chunkSize: size,
      hash: null,
    });
    const open = (index: number) => {
      const fields = { uploadId, index, offset: index * size, size, total: 5, hash: '0'.repeat(64) };
      return openChunk(server.url, connection.headers, fields, body, 0);
    };
    const look = async (chunk: { taken(): number }) => {
      await connection.uploads.list.query({ limit: 1 });
      return chunk.taken();
    };
    const holders = [0, 1, 2, 3].map(open);
    for (const holder of holders) {
      // More than the system keeps for a connection: it is read, so its memory was granted.
      holder.offer(size / 2);
      while ((await look(holder)) < size / 2);
    }
    const fifth = open(4);
    fifth.offer(size);
    let [last, same] = [-1, 0];
    while (same < 30) {
      const taken = await look(fifth);
      same = taken === last ? same + 1 : 0;
      last = taken;
    }
    expect(last).toBeGreaterThan(0);
    expect(last).toBeLessThan(size / 2);
    // Where there is room it is read on.
    for (const holder of holders) holder.die();
    while ((await look(fifth)) < size);
    expect(await fifth.answered).toBe(409);
    await connection.uploads.abort.mutate({ uploadId });
  });

  test('next start takes an upload, lists it on a page of the server, and serves it back', async () => {
    await using server = await startNext(app, ['start'], { root });
    const { headers, uploader, ...connection } = await connectTo(server);
    const { bytes, blob } = photo(24 * MiB + 5);
    const { data, uploadId, path: stored } = await uploader.upload(blob, { name: 'a.png', ...policy });
    expect(data).toEqual({ album: 'summer', href: `/files/${uploadId}` });
    expect(bytes.equals(await readFile(path.join(root, stored)))).toBe(true);
    expect((await request(server.url, { headers })).text).toContain(`/files/${uploadId}`);
    const served = await fetch(`${server.url}/files/${uploadId}`, { headers });
    expect(bytes.equals(Buffer.from(await served.arrayBuffer()))).toBe(true);
    expect((await fetch(`${server.url}/files/${uploadId}`)).status).toBe(401);
    const bob = await signIn(server.url, 'bob', 'battery staple');
    expect((await fetch(`${server.url}/files/${uploadId}`, { headers: bob })).status).toBe(404);

    // Whoever has no session is refused before the body: here it never comes.
    const fields = { uploadId, index: 0, offset: 0, size: 5, total: 1, hash: '0'.repeat(64) };
    const refused = openChunk(server.url, {}, fields, new Uint8Array(5), 0);
    expect(await refused.answered).toBe(401);
    refused.die();
    // Errors of the uploads arrive typed, though the app's own copy of tRPC is in the bundle.
    await expect(connection.uploads.resume.query({ uploadId: '0'.repeat(26) })).rejects.toMatchObject({
      data: { upload: { code: 'UPLOAD_NOT_FOUND' } },
    });
    await connection[Symbol.asyncDispose]();
  });

  test('an upload goes on when the server was killed and started again', async () => {
    let server = await startNext(app, ['start'], { root });
    const { uploader, ...connection } = await connectTo(server, {}, { concurrency: 1 });
    const { bytes, blob } = photo(48 * MiB);
    const task = uploader.add(blob, { name: 'b.png', ...policy });
    await new Promise<void>((resolve) => {
      task.subscribe(() => task.state.chunks > 0 && resolve());
    });
    await server[Symbol.asyncDispose]();
    expect(task.state.chunks).toBeLessThan(6);
    server = await startNext(app, ['start'], { root, port: Number(new URL(server.url).port) });
    await using _ = server;
    const { path: stored, sentBytes, retries } = await task.result;
    expect(retries).toBeGreaterThan(0);
    expect(sentBytes).toBeLessThan(2 * bytes.length);
    expect(bytes.equals(await readFile(path.join(root, stored)))).toBe(true);
    await connection[Symbol.asyncDispose]();
  });

  test('a chunk passes whole through proxy.ts, and is refused where a limit of the app cuts it', async () => {
    const { bytes, blob } = photo(13 * MiB);
    const upload = { name: 'c.png', ...policy };
    {
      await using server = await startNext(app, ['start'], { root, env: { LIMIT: String(MiB) } });
      const connection = await connectTo(server, { 'x-through-proxy': '1' }, { retries: 0 });
      await using _ = connection;
      const failed = connection.uploader.add(blob, upload);
      await expect(failed.result).rejects.toMatchObject({ code: 'CHUNK_INCOMPLETE', retryable: true });
      const uploadId = failed.state.uploadId ?? '';
      expect(await connection.uploads.resume.query({ uploadId })).toMatchObject({ receivedChunks: 0 });
      expect(server.said.stderr).toContain('Request body exceeded');
    }
    await using server = await startNext(app, ['start'], { root });
    const connection = await connectTo(server, { 'x-through-proxy': '1' }, { retries: 0 });
    await using _ = connection;
    const { path: stored } = await connection.uploader.upload(blob, upload);
    expect(bytes.equals(await readFile(path.join(root, stored)))).toBe(true);
  });

  test("output: 'standalone' runs where nothing else of the app is", async () => {
    const client = await clientOf(app);
    const moved = `${app.path}-moved`;
    await cp(path.join(app.path, '.next/standalone'), moved, { recursive: true, verbatimSymlinks: true });
    // Last: nothing that the folder leans on may be there.
    await rename(path.join(app.path, 'node_modules'), path.join(app.path, 'away'));
    await using server = await startStandalone(moved, { root });
    const headers = await signIn(server.url);
    await using connection = client.connect({
      url: `${server.url}/api/trpc`,
      headers,
      // Its threads would start from the folder that is away.
      hasher: client.webHasher(),
    });
    const { bytes, blob } = photo(20 * MiB);
    const { path: stored } = await connection.uploader.upload(blob, { name: 'd.png', ...policy });
    expect(bytes.equals(await readFile(path.join(root, stored)))).toBe(true);
  });
});
