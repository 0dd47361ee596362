import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { randomFile } from '../support/wire.js';
import {
  clientOf,
  exampleFile,
  newRoot,
  nextApp,
  openChunk,
  signIn,
  startNext,
  wire,
} from './support/next-app.js';
import type { Scratch } from './support/scratch.js';

const UPLOADS = exampleFile('server/uploads.ts').replace(
  'albums: policy({',
  `albums: policy({ threshold: ${MiB}, chunkSize: ${MiB},`,
);
/** The same after its author has changed what `completed` answers, and added a policy. */
const CHANGED = UPLOADS.replace(
  'album: upload.metadata.album',
  "album: 'new '.concat(upload.metadata.album)",
).replace('policies: {', 'policies: { notes: policy({ maxFileSize: 1000 }),');
const BARE = `import type { NextConfig } from 'next';
const nextConfig: NextConfig = {};
export default nextConfig;
`;

let app: Scratch;
beforeAll(async () => {
  app = await nextApp('npm');
});
afterAll(() => app?.[Symbol.asyncDispose]());

describe.each(['turbopack', 'webpack'])('next dev, by %s', (bundler) => {
  test('goes on with an upload when its modules are loaded anew, under the new policies', async () => {
    const root = newRoot(`dev-${bundler}`);
    await app.write({ 'next.config.ts': exampleFile('next.config.ts'), 'server/uploads.ts': UPLOADS });
    await using server = await startNext(app, ['dev', `--${bundler}`], { root });
    const headers = await signIn(server.url);
    const { connect } = await clientOf(app);
    await using connection = connect({ url: `${server.url}/api/trpc`, headers, concurrency: 1 });
    const file = randomFile(12 * MiB, MiB);
    const task = connection.uploader.add(new Blob([new Uint8Array(file.bytes)], { type: 'image/png' }), {
      name: 'a.png',
      policy: 'albums',
      metadata: { album: 'summer' },
    });
    await new Promise<void>((resolve) => {
      task.subscribe(() => task.state.chunks > 0 && resolve());
    });
    task.pause();
    // One more chunk is on its way while the modules change.
    const uploadId = task.state.uploadId ?? '';
    const open = openChunk(server.url, headers, file.fields(uploadId, 11), file.piece(11), MiB / 2);

    await app.write({ 'server/uploads.ts': CHANGED });
    const ann = wire(server.url, headers);
    let found = await ann.query('policy', { policy: 'notes' });
    while (found.upload?.code === 'INPUT_INVALID') found = await ann.query('policy', { policy: 'notes' });
    expect(found.data).toMatchObject({ maxFileSize: 1000 });

    open.finish();
    expect(await open.answered).toBe(200);
    task.continue();
    const { data, path: stored, sentBytes } = await task.result;
    expect(data).toEqual({ album: 'new summer', href: `/files/${uploadId}` });
    expect(file.bytes.equals(await readFile(path.join(root, stored)))).toBe(true);
    // The chunk that was sent by hand was not sent again: its session, and so its server, is the same.
    expect(sentBytes).toBeLessThan(14 * MiB);
    // A second server on this root would have been refused by the first one's lock.
    expect(server.said.stdout + server.said.stderr).not.toMatch(/chunkwise:/);
  });

  test('says in one sentence what is missing where withChunkwise is', async () => {
    await app.write({ 'next.config.ts': BARE, 'server/uploads.ts': UPLOADS });
    await using server = await startNext(app, ['dev', `--${bundler}`], { root: newRoot(`bare-${bundler}`) });
    const ann = wire(server.url, await signIn(server.url));
    const { status, upload } = await ann.query('policy', {});
    expect({ status, upload }).toEqual({ status: 500, upload: { code: 'INTERNAL', retryable: false } });
    expect(server.said.stdout + server.said.stderr).toMatch(
      /keep chunkwise out of the bundle.*withChunkwise\(\)/,
    );
  });
});
