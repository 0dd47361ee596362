/**
 * The fetch handler of `handler.ts`, on Node by `@hono/node-server`. Run it with
 *   ROOT=./uploads PORT=3000 node --import tsx examples/fetch/server.ts
 * and send a file with
 *   node --import tsx examples/client.ts holiday.jpg http://localhost:3000/trpc
 */
import { serve } from '@hono/node-server';
import { handler } from './handler.js';

export type { AppRouter } from './handler.js';

// Uploads have a time limit of their own: Node's would end slow but honest ones.
const options = {
  fetch: handler,
  port: Number(process.env.PORT ?? 3000),
  serverOptions: { requestTimeout: 0 },
};
serve(options, ({ port }) => console.log(`http://localhost:${port}/trpc`));
