/** Checked by the compiler alone: nothing here runs. */
import { createTRPCClient, httpBatchLink, type TRPCClientError } from '@trpc/client';
import { type inferRouterInputs, type inferRouterOutputs, initTRPC } from '@trpc/server';
import { createUploader, uploadLink } from '../../client/index.js';
import type { UploadErrorData, UploadView } from '../../contract/index.js';
import { createUploads, type UploadsContext } from '../../server/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

// @ts-expect-error: whose uploads they are must be said
createUploads({ root: '/tmp' });
// @ts-expect-error: so must where they lie
createUploads({ owner: 'shared' });
// @ts-expect-error: a misspelt option
createUploads({ root: '/tmp', owner: 'shared', durabilty: 'chunk' });
// @ts-expect-error: a store that is not there
createUploads({ root: '/tmp', owner: 'shared', store: 'tape' });

const uploads = createUploads({
  root: '/tmp',
  owner: (ctx: { user: { id: string } | null }) => ctx.user?.id ?? null,
});

const t = initTRPC.context<UploadsContext & { user: { id: string } | null }>().create();
const router = t.router({ uploads: uploads.procedures(t.procedure), hello: t.procedure.query(() => 1) });
type AppRouter = typeof router;

// A middleware may bring what `owner` reads.
const bare = initTRPC.context<UploadsContext>().create();
uploads.procedures(bare.procedure.use(({ next }) => next({ ctx: { user: { id: 'ann' } } })));
// @ts-expect-error: `owner` reads a user that is not in the context
uploads.procedures(bare.procedure);
const forgetful = initTRPC.context<{ user: { id: string } }>().create();
// @ts-expect-error: `context()` was forgotten
uploads.procedures(forgetful.procedure);

type Inputs = inferRouterInputs<AppRouter>['uploads'];
type Outputs = inferRouterOutputs<AppRouter>['uploads'];
holds<Equal<Outputs['init']['status'], UploadView['status']>>();
holds<
  Equal<
    Inputs['chunk'],
    { uploadId: string; index: number; offset: number; size: number; total: number; hash: string } & {
      data: Blob | Uint8Array;
    }
  >
>();

const url = 'http://localhost';
const trpc = createTRPCClient<AppRouter>({ links: [uploadLink<AppRouter>({ url }), httpBatchLink({ url })] });
const chunk = { uploadId: '', index: 0, offset: 0, size: 1, total: 1, hash: '', data: new Uint8Array(1) };

export async function calls() {
  await trpc.uploads.chunk.mutate(chunk);
  // @ts-expect-error: bytes are missing
  await trpc.uploads.chunk.mutate({ uploadId: '', index: 0, offset: 0, size: 1, total: 1, hash: '' });
  // @ts-expect-error: text is not bytes
  await trpc.uploads.chunk.mutate({ ...chunk, data: 'text' });
  // @ts-expect-error: an index is a number
  await trpc.uploads.chunk.mutate({ ...chunk, index: '0' });
  // @ts-expect-error: a hash, or null on purpose
  await trpc.uploads.init.mutate({ name: 'a', size: 1, chunkSize: 1 });
  // @ts-expect-error: a name is text
  await trpc.uploads.init.mutate({ name: 1, size: 1, chunkSize: 1, hash: null });
  // @ts-expect-error: which one
  await trpc.uploads.abort.mutate({});
  // @ts-expect-error: by content needs the chunk size
  await trpc.uploads.resume.query({ hash: 'x', size: 1 });
  // @ts-expect-error: no such status
  await trpc.uploads.list.query({ status: 'lost' });
  // @ts-expect-error: a number of bytes
  await trpc.uploads.policy.query({ size: '1' });

  const view = await trpc.uploads.resume.query({ uploadId: '' });
  if (view.status === 'completed') {
    holds<Equal<typeof view.path, string>>();
    holds<Equal<typeof view.hash, string>>();
  } else if (view.status === 'failed') view.error.code satisfies string;
  // @ts-expect-error: only a completed upload has a path
  else view.path;
}

type ChunkError = TRPCClientError<{
  errorShape: AppRouter['uploads']['chunk']['_def']['$types']['errorShape'];
  transformer: false;
}>;
export function errors(error: ChunkError) {
  holds<Equal<NonNullable<NonNullable<typeof error.data>['upload']>, UploadErrorData>>();
  // @ts-expect-error: no such code
  if (error.data?.upload?.code === 'NOT_A_CODE') return 1;
  return error.data?.upload?.code === 'CHUNK_HASH_MISMATCH'
    ? error.data.upload.index
    : error.data?.httpStatus;
}

createUploader(trpc.uploads);
// @ts-expect-error: not the router itself
createUploader(trpc);
// @ts-expect-error: retries are a number
createUploader(trpc.uploads, { retries: 'many' });
