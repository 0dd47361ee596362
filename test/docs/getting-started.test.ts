import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CLIENT_DEFAULTS,
  MAX_CHUNK_SIZE_BYTES,
  MiB,
  POLICY_DEFAULTS,
  SERVER_DEFAULTS,
} from '../../contract/index.js';
import { writeApp } from './support/apps.js';
import { page, section } from './support/markdown.js';
import { runExample, startExample } from './support/run.js';

const ANN = { authorization: 'Bearer token-of-ann' };

/** A page in a browser would do this with a chosen file. */
const PAGE = `
import { uploader } from './trpc.js';
import { uploadVideo } from './upload-video.js';
const shown: string[] = [];
const file = new File([new Uint8Array(40 * 1024 ** 2)], 'page.mp4', { type: 'video/mp4' });
const task = uploadVideo(file, 'A page', (text) => shown.push(text));
const { data } = await task.result;
console.log(JSON.stringify({ data, last: shown.at(-1), phases: [...new Set(shown.map((text) => text.split(' ')[0]))] }));
await uploader.close();
`;

let app: Awaited<ReturnType<typeof writeApp>>;
beforeAll(async () => {
  app = await writeApp('docs/getting-started.md');
});
afterAll(() => app[Symbol.asyncDispose]());

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startServer(file: string) {
  const env = { PORT: String(await freePort()), UPLOADS_ROOT: path.join(app.path, `data of ${file}`) };
  const server = await startExample(path.join(app.path, 'src/server', file), env, app.path);
  return { ...server, url: server.firstLine, root: env.UPLOADS_ROOT };
}

describe.each(['main.ts', 'express.ts', 'fastify.ts', 'hono.ts'])('the server in %s', (file) => {
  test('takes a video of the client for Node, and serves it to its owner', async () => {
    await using server = await startServer(file);
    const video = path.join(app.path, 'holiday.mp4');
    const bytes = randomBytes(20 * MiB);
    await fs.writeFile(video, bytes);
    const sent = await runExample(path.join(app.path, 'src/client/main.ts'), [video, server.url], app.path);
    expect(sent).toMatchObject({ code: 0, stderr: '' });

    const [, stored = '', href = ''] = /^stored at (\S+)\nto be had at (\S+)\n$/.exec(sent.stdout) ?? [];
    expect(Buffer.compare(await fs.readFile(path.join(server.root, stored)), bytes)).toBe(0);
    const served = await fetch(new URL(href, server.url), { headers: ANN });
    expect(Buffer.compare(Buffer.from(await served.arrayBuffer()), bytes)).toBe(0);
    expect((await fetch(new URL(href, server.url))).status).toBe(401);
  });
});

test('the code for browsers uploads, and shows how far it is', async () => {
  await using server = await startServer('main.ts');
  const trpc = path.join(app.path, 'src/client/trpc.ts');
  const text = await fs.readFile(trpc, 'utf8');
  await fs.writeFile(trpc, text.replace('http://localhost:3000/trpc', server.url));
  await fs.writeFile(path.join(app.path, 'src/client/page.ts'), PAGE);
  const shown = await runExample(path.join(app.path, 'src/client/page.ts'), [], app.path);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(shown.stdout)).toMatchObject({
    data: { href: expect.stringMatching(/^\/files\/\w+$/), title: 'A page' },
    last: 'completed 100 %',
    phases: expect.arrayContaining(['hashing', 'uploading', 'completed']),
  });
});

test.each<[string, string]>([
  ['The client', `for ${SERVER_DEFAULTS.idleExpiryMs / 3_600_000} hours after their last chunk`],
  ['Errors', `for ${CLIENT_DEFAULTS.patienceMs / 60_000} minutes without progress`],
  ['Deployment', `clients wait ${CLIENT_DEFAULTS.patienceMs / 60_000} minutes`],
  ['Deployment', `at most ${POLICY_DEFAULTS.thresholdBytes / MiB} MiB for files up to 80 GB`],
  ['Deployment', `then grow to ${MAX_CHUNK_SIZE_BYTES / MiB} MiB`],
  ['Deployment', `${SERVER_DEFAULTS.completionWaitMs / 1000} seconds more`],
])('the numbers are those of contract/limits.ts: %s, %j', (heading, words) => {
  expect(section(page('docs/getting-started.md'), heading).replace(/\s+/g, ' ')).toContain(words);
});
