import fs from 'node:fs/promises';
import path from 'node:path';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { afterAll, expect, it } from 'vitest';
import { checkedFetch, createUploader, fetchSender, type Sender, uploadLink } from '../../client/index.js';
import { nodeSender } from '../../client/node/index.js';
import { MiB } from '../../contract/index.js';
import { OWNER_HEADER, startServer, type TestRouter } from '../support/server.js';
import { bytesOf, temporaryFolder } from './support/setup.js';

const node = nodeSender();
afterAll(node.close);

/** Large chunks: the server refuses them before it has read them. */
it.each<[string, Sender]>([
  ['node:http', node.send],
  ['fetch', fetchSender()],
])('a session that expires between large chunks is renewed, by %s', async (_, send) => {
  await using folder = await temporaryFolder();
  await using server = await startServer({ root: path.join(folder.path, 'root') });
  const { url } = server;
  let user = 'bob';
  let renewals = 0;
  const headers = () => ({ [OWNER_HEADER]: user });
  const trpc = createTRPCClient<TestRouter>({
    links: [uploadLink({ url, headers, send }), httpBatchLink({ url, headers, fetch: checkedFetch(send) })],
  });
  await using uploader = createUploader(trpc.uploads, {
    concurrency: 2,
    retries: 0,
    patienceMs: 0,
    onUnauthorized() {
      renewals++;
      user = 'bob';
    },
  });
  const bytes = bytesOf(72 * MiB);
  const task = uploader.add(bytes, { name: 'a' });
  const expired = new Set<number>();
  task.subscribe(() => {
    const { chunks } = task.state;
    if ((chunks !== 1 && chunks !== 5) || expired.has(chunks)) return;
    expired.add(chunks);
    user = 'nobody';
  });
  const result = await task.result;
  expect(renewals).toBe(2);
  const stored = await fs.readFile(path.join(server.root, result.path));
  expect(stored.equals(bytes)).toBe(true);
});
