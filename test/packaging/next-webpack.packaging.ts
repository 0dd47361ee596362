import { cp, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { randomFile } from '../support/wire.js';
import {
  build,
  clientOf,
  exampleFile,
  newRoot,
  nextApp,
  openChunk,
  signIn,
  startNext,
  startStandalone,
  wire,
} from './support/next-app.js';
import type { Scratch } from './support/scratch.js';

const CONFIG = exampleFile('next.config.ts').replace('reactStrictMode: true', "output: 'standalone'");

/** All of the memory for chunks, in chunks. */
const HELD = 8;
const sizes = `threshold: ${MiB}, chunkSize: ${MiB}, maxChunkSize: ${2 * MiB}`;
const UPLOADS = exampleFile('server/uploads.ts')
  .replace(
    'policies: {',
    `memoryBudgetBytes: ${HELD * MiB}, budgetWaitMs: 500, policies: { default: policy({ ${sizes} }),`,
  )
  .replace('albums: policy({', `albums: policy({ ${sizes},`);

const root = newRoot('webpack');
let app: Scratch;

beforeAll(async () => {
  app = await nextApp('npm', { 'next.config.ts': CONFIG, 'server/uploads.ts': UPLOADS });
  await build(app, 'webpack', root);
});
afterAll(() => app?.[Symbol.asyncDispose]());

describe('Next.js, built by webpack and installed by npm', () => {
  test('senders that die half-way give their memory back, and leave nothing', async () => {
    await using server = await startNext(app, ['start'], { root });
    const cookies = await signIn(server.url);
    const ann = wire(server.url, cookies);
    const bob = wire(server.url, await signIn(server.url, 'bob', 'battery staple'));
    const file = randomFile(HELD * MiB, MiB);
    const { uploadId } = (await ann.init(file.input())).data;
    const senders = Array.from({ length: HELD }, (_, index) =>
      openChunk(server.url, cookies, file.fields(uploadId, index), file.piece(index), MiB / 2),
    );
    const attempt = async () => {
      const small = randomFile(MiB, MiB);
      const his = (await bob.init(small.input())).data.uploadId;
      return () => bob.chunk(small.fields(his, 0), small.piece(0));
    };
    let send = await attempt();
    while ((await send()).upload?.code !== 'SERVER_BUSY') send = await attempt();
    // All is held. What he sent is refused for as long as it is.
    for (const sender of senders) sender.die();
    let answer = await send();
    while (answer.upload?.code === 'SERVER_BUSY') answer = await send();
    expect(answer).toMatchObject({ status: 200, data: { status: 'completed' } });
    expect((await ann.query('resume', { uploadId })).data).toMatchObject({ receivedChunks: 0 });
    // The whole file goes into the session that they left.
    const { connect } = await clientOf(app);
    await using connection = connect({ url: `${server.url}/api/trpc`, headers: cookies });
    const result = await connection.uploader.upload(new Uint8Array(file.bytes), { name: 'file.bin' });
    expect(result.uploadId).toBe(uploadId);
    expect(file.bytes.equals(await readFile(path.join(root, result.path)))).toBe(true);
  });

  test("output: 'standalone' runs where nothing else of the app is", async () => {
    const client = await clientOf(app);
    const moved = `${app.path}-moved`;
    await cp(path.join(app.path, '.next/standalone'), moved, { recursive: true, verbatimSymlinks: true });
    // Last: nothing that the folder leans on may be there.
    await rename(path.join(app.path, 'node_modules'), path.join(app.path, 'away'));
    await using server = await startStandalone(moved, { root });
    await using connection = client.connect({
      url: `${server.url}/api/trpc`,
      headers: await signIn(server.url),
      // Its threads would start from the folder that is away.
      hasher: client.webHasher(),
    });
    const { bytes } = randomFile(5 * MiB + 1, MiB);
    const { path: stored } = await connection.uploader.upload(new Uint8Array(bytes), { name: 'd.bin' });
    expect(bytes.equals(await readFile(path.join(root, stored)))).toBe(true);
  });
});
