import { createTRPCClient, httpBatchLink } from '@trpc/client';
import {
  checkedFetch,
  createUploader,
  fileSource,
  isUploadError,
  nodeHasher,
  uploadLink,
} from 'chunkwise/client/node';
import type { AppRouter } from './server.js';

const [file = 'holiday.mov', url = 'http://localhost:3000'] = process.argv.slice(2);
const headers = { authorization: 'Bearer s3cret' };

const trpc = createTRPCClient<AppRouter>({
  links: [
    uploadLink({ url, headers }),
    httpBatchLink({ url, headers, maxItems: 100, fetch: checkedFetch() }),
  ],
});
await using uploader = createUploader(trpc.uploads, { hasher: nodeHasher() });

const source = await fileSource(file, { type: 'video/quicktime' });
const task = uploader.add(source, { policy: 'albums', metadata: { album: 'summer' } });
task.subscribe(() => console.log(task.state.phase, `${Math.floor(task.state.fraction * 100)}%`));

try {
  const { path, resumed, data } = await task.result;
  console.log('stored at', path, { resumed, data });
} catch (error) {
  // `code` is one of a closed list; the session stays on the server, and the same call goes on with it.
  if (isUploadError(error)) console.error(error.code, error.message);
}
