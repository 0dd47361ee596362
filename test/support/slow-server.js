// A server process of the build, with the slow disk: prints its address, and ends when its standard input does.
import http from 'node:http';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { createUploads } from '../../dist/server/index.js';

const uploads = createUploads({
  root: process.argv[2],
  owner: 'shared',
  memoryBudgetBytes: Number(process.argv[3]),
  budgetWaitMs: 60_000,
  worker: new URL('./slow-worker.js', import.meta.url),
  policies: { default: { threshold: 2 ** 20, chunkSize: 8 * 2 ** 20, maxChunkSize: 8 * 2 ** 20 } },
});
const t = initTRPC.context().create();
const handler = createHTTPHandler({
  router: t.router({ uploads: uploads.procedures(t.procedure) }),
  middleware: uploads.middleware,
  createContext: (opts) => uploads.context(opts),
});
const server = http.createServer(handler);
await uploads.ready();
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
