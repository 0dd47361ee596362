/** What a client infers from the router's type alone: inputs, the union of states, and the errors' data. */
import { createTRPCClient, httpBatchLink, safe } from '@trpc/client';
import { createUploader, uploadLink } from '../../client/index.js';
import type { Progress, UploadErrorData, UploadView } from '../../contract/index.js';
import { proves, type Same } from './expect.js';
import type { router } from './server.js';

type Router = typeof router;

const url = 'http://127.0.0.1/trpc';
const trpc = createTRPCClient<Router>({ links: [uploadLink<Router>({ url }), httpBatchLink({ url })] });

export async function calls(): Promise<void> {
  const view = await trpc.uploads.resume.query({ uploadId: 'id' });
  proves<Same<typeof view.policy, 'default'>>();
  proves<Same<typeof view.status, UploadView['status']>>();
  // @ts-expect-error only a completed upload has a path
  view.path;
  if (view.status === 'completed') proves<Same<typeof view.path, string>>();

  const chunk = { uploadId: 'id', index: 0, offset: 0, size: 1, total: 1, hash: 'hash' };
  const [progress, error] = await safe(trpc.uploads.chunk.mutate({ ...chunk, data: new Uint8Array(1) }));
  if (error) {
    const upload = error.data?.upload;
    proves<Same<typeof upload, UploadErrorData | undefined>>();
    // @ts-expect-error no such code
    if (upload?.code === 'ENOENT') return;
  } else proves<Same<typeof progress.status, Progress['status']>>();

  // @ts-expect-error without its bytes
  await trpc.uploads.chunk.mutate(chunk);
  // @ts-expect-error without a size
  await trpc.uploads.init.mutate({ name: 'a.bin', chunkSize: 1, hash: null });
  // @ts-expect-error which upload
  await trpc.uploads.abort.mutate({});
  // @ts-expect-error a misspelt field
  await trpc.uploads.policy.query({ sise: 1 });
  // @ts-expect-error no such status
  await trpc.uploads.list.query({ status: 'done' });
  // @ts-expect-error no such procedure
  await trpc.uploads.complete.mutate({ uploadId: 'id' });
  // @ts-expect-error one id, not a list
  trpc.uploads.watch.subscribe({ uploadIds: 'id' }, {});
}

export async function uploads(): Promise<void> {
  const uploader = createUploader(trpc.uploads);
  const result = await uploader.upload(new Blob(['x']), { name: 'a.bin', policy: 'default' });
  proves<Same<typeof result.path, string>>();
  // @ts-expect-error a misspelt option
  uploader.add(new Blob(['x']), { polcy: 'default' });
  // @ts-expect-error a path is no source in a browser
  uploader.add('a.bin');
  // @ts-expect-error a task is not awaited by accident: its `result` is
  proves<Same<ReturnType<typeof uploader.add> extends PromiseLike<unknown> ? true : false, true>>();
}

// @ts-expect-error not a client of upload procedures
createUploader({});
