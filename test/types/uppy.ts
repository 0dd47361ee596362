/** Uppy's plugin: the name of a policy selects the types of metadata, of the result, and of the response's body. */
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { Uppy } from '@uppy/core';
import { createUploader, type DataOf, uploadLink } from '../../client/index.js';
import { Chunkwise, type ChunkwiseBody } from '../../client/uppy/index.js';
import { proves, type Same } from './expect.js';
import type { AppRouter, closedRouter } from './policies.js';

const url = 'http://127.0.0.1/trpc';
const trpc = createTRPCClient<AppRouter>({ links: [uploadLink<AppRouter>({ url }), httpBatchLink({ url })] });
const uploader = createUploader(trpc.uploads);
type Client = typeof trpc.uploads;
type Fields = { album: string };
type Body = ChunkwiseBody<Client, 'albums'>;

proves<Same<Body['data'], DataOf<Client, 'albums'>>>();
proves<Same<ChunkwiseBody<Client, 'avatars'>['data'], undefined>>();

/** With nothing but an uploader or a client. */
export const plain = [
  new Uppy().use(Chunkwise, { uploader }),
  new Uppy().use(Chunkwise, { client: trpc.uploads, concurrency: 2, id: 'mine', restrictions: false }),
  new Uppy().use(Chunkwise, { uploader, policy: 'albums', metadata: () => ({ album: 'a' }) }),
  new Uppy<Fields, Body>().use(Chunkwise, { uploader, discardOnCancel: false }),
];

/** With the types of the client. */
export const typed = new Uppy<Fields, Body>().use(Chunkwise<Client, Fields>, {
  uploader,
  policy: 'albums',
  metadata: (file) => {
    proves<Same<typeof file.meta.album, string>>();
    return { album: file.meta.album };
  },
  downloadUrl: ({ data, uploadId }) => {
    proves<Same<typeof data, DataOf<Client, 'albums'>>>();
    return data?.url ?? uploadId;
  },
});
typed.on('upload-success', (file, { body, uploadURL }) => {
  proves<Same<typeof body, Body | undefined>>();
  proves<Same<typeof uploadURL, string | undefined>>();
  body?.data?.url satisfies string | undefined;
  // @ts-expect-error the hook answers no such field
  body?.data?.artist;
  file?.meta.album satisfies string | undefined;
});

new Uppy<Fields, Body>().use(Chunkwise<Client>, { uploader });
new Uppy().use(Chunkwise<Client>, { uploader, policy: 'default', metadata: () => ({ anything: 1 }) });
new Uppy().use(Chunkwise<Client>, { uploader, policy: 'maybe', metadata: () => undefined });
new Uppy().use(Chunkwise<Client>, { uploader, policy: 'bare', downloadUrl: ({ data }) => data?.toFixed(1) });

export function mistakes(): void {
  const uppy = new Uppy();
  // @ts-expect-error no such policy
  uppy.use(Chunkwise<Client>, { uploader, policy: 'album' });
  // @ts-expect-error without its metadata
  uppy.use(Chunkwise<Client>, { uploader, policy: 'albums' });
  // @ts-expect-error a field is missing
  uppy.use(Chunkwise<Client>, { uploader, policy: 'albums', metadata: () => ({ tags: [] }) });
  // @ts-expect-error another policy's metadata
  uppy.use(Chunkwise<Client>, { uploader, policy: 'dates', metadata: () => ({ album: 'a' }) });
  // @ts-expect-error neither an uploader nor a client
  uppy.use(Chunkwise<Client>, { policy: 'avatars' });
  // @ts-expect-error an uploader has its own concurrency
  uppy.use(Chunkwise<Client>, { uploader, concurrency: 2 });
  // @ts-expect-error a misspelt option
  uppy.use(Chunkwise<Client>, { uploader, discardOnCancle: true });
  // @ts-expect-error no options at all
  uppy.use(Chunkwise<Client>);
}

/** Where the default policy is closed, one is named. */
export function closed(client: ReturnType<typeof createTRPCClient<typeof closedRouter>>['files']): void {
  new Uppy().use(Chunkwise<typeof client>, { client, policy: 'notes' });
  // @ts-expect-error no policy
  new Uppy().use(Chunkwise<typeof client>, { client });
}
