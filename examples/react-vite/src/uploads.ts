import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, type DataOf, type UploadTask, uploadLink } from 'chunkwise/client';
import type { AppRouter } from '../server';

const url = '/trpc';
export const trpc = createTRPCClient<AppRouter>({
  links: [uploadLink<AppRouter>({ url }), httpBatchLink({ url, maxItems: 100 })],
});

/** Made once, outside of React: no unmounting ends an upload. */
export const uploader = createUploader(trpc.uploads);

/** An upload of a photo, with what the server's `completed` hook answers for it. */
export type PhotoTask = UploadTask<DataOf<typeof trpc.uploads, 'photos'>>;
