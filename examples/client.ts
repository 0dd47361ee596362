/**
 * Sends a picture to any of the servers beside this file, and asks who it is signed in as, in a batch. Run it with
 *   node --import tsx examples/client.ts holiday.jpg http://localhost:3000/trpc [ann|bob]
 * Run it again after it was killed: it goes on.
 */
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, fileSource, isUploadError, nodeHasher, uploadLink } from 'chunkwise/client/node';
import type { AppRouter } from './standalone/server.js';

const [file = 'holiday.jpg', url = 'http://localhost:3000', user = 'ann'] = process.argv.slice(2);
// Some of the servers want a token, some a session; a real one wants its own.
const headers = { authorization: `Bearer token-of-${user}`, cookie: `session=session-of-${user}` };

const trpc = createTRPCClient<AppRouter>({
  links: [uploadLink({ url, headers }), httpBatchLink({ url, headers, maxItems: 100 })],
});
await using uploader = createUploader(trpc.uploads, { hasher: nodeHasher() });

const task = uploader.add(await fileSource(file), { policy: 'photos', metadata: { album: 'summer' } });
task.subscribe(() => console.log(task.state.phase, `${Math.floor(task.state.fraction * 100)}%`));
try {
  const [me, { path, resumed, data }] = await Promise.all([trpc.me.query(), task.result]);
  console.log('stored at', path, { for: me.name, resumed, url: data?.url });
} catch (error) {
  if (!isUploadError(error)) throw error;
  console.error(error.code, error.message);
  process.exitCode = 1;
}
