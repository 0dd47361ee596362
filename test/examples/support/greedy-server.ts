/** tRPC alone, whose binary input nobody reads: what a server does without Chunkwise's hook. */
import type { AddressInfo } from 'node:net';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { octetInputParser } from '@trpc/server/http';

const t = initTRPC.create();
const server = createHTTPServer({
  router: t.router({
    hold: t.procedure.input(octetInputParser).mutation(() => new Promise<void>(() => {})),
    me: t.procedure.query(() => 'nobody'),
  }),
});
server.listen(Number(process.env.PORT), () =>
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`),
);
