import { setTimeout } from 'node:timers/promises';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { checkedFetch, createUploader, fileSource, nodeHasher, uploadLink } from 'chunkwise/client/node';
import type { AppRouter } from './app.js';

const [file = 'holiday.jpg', url = 'http://localhost:3000'] = process.argv.slice(2);
const headers = { authorization: 'Bearer token-of-ann' };

const trpc = createTRPCClient<AppRouter>({
  links: [
    uploadLink({ url, headers }),
    httpBatchLink({ url, headers, maxItems: 100, fetch: checkedFetch() }),
  ],
});
await using uploader = createUploader(trpc.uploads, { hasher: nodeHasher() });

const result = await uploader.upload(await fileSource(file), {
  policy: 'photos',
  metadata: { album: 'summer' },
});
console.log('stored at', result.path);

// Typed: { photoId: number } | undefined. Undefined only while the hook has not succeeded yet.
let photo = result.data;
while (photo === undefined) {
  console.log('the hook is still to succeed');
  await setTimeout(1000);
  const upload = await trpc.uploads.resume.query({ uploadId: result.uploadId });
  if (upload.status === 'completed' && upload.policy === 'photos') photo = upload.data;
}
console.log('photo', photo.photoId);
