/** A client that is killed, as by `kill -9`, with two chunks accepted and more under way. Arguments: file, URL, headers. */
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import {
  checkedFetch,
  createUploader,
  fileSource,
  nodeSender,
  type Sender,
  uploadLink,
} from 'chunkwise/client/node';
import { systemClock } from '../../../contract/clock.js';
import type { AppRouter } from '../../../examples/standalone/server.js';
import { http2Sender } from './http2-sender.js';

const [file = '', url = '', json = '{}', protocol = ''] = process.argv.slice(2);
const headers = JSON.parse(json) as Record<string, string>;
const { send } = protocol === 'http2' ? http2Sender(new URL(url).origin) : nodeSender();

let accepted = 0;
const mortal: Sender = async (request) => {
  if (accepted >= 2) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  const answer = await send(request);
  accepted++;
  return answer;
};
const trpc = createTRPCClient<AppRouter>({
  links: [
    uploadLink<AppRouter>({ url, headers, send: mortal }),
    httpBatchLink({ url, headers, fetch: checkedFetch(send, systemClock) as typeof fetch }),
  ],
});
const uploader = createUploader(trpc.uploads, { concurrency: 2 });
await uploader.upload(await fileSource(file), { policy: 'photos', metadata: { album: 'summer' } });
