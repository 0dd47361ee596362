/** A policy's name selects the types of `metadata` and of `data`, from the server to the client's result. */
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import { createUploader, type DataOf, type MetadataOf, uploadLink } from '../../client/index.js';
import type { AsJson } from '../../contract/index.js';
import { createUploads, policy, type UploadsContext } from '../../server/index.js';
import { proves, type Same } from './expect.js';

interface Context extends UploadsContext {
  user: string | null;
}

const policies = {
  albums: policy({
    types: ['image/*'],
    input: z.object({ album: z.string(), tags: z.array(z.string()).optional() }),
    authorize: (upload) => {
      proves<Same<typeof upload.metadata.album, string>>();
      // @ts-expect-error no such field
      return upload.metadata.artist === 'ann';
    },
    completed: async (upload, file) => ({
      url: `/albums/${upload.metadata.album}/${file.path}`,
      at: new Date(0),
      pages: undefined as number | undefined,
      show: () => {},
    }),
  }),
  dates: policy({
    input: z.object({ day: z.iso.date().transform((day) => new Date(day)) }),
    // What the schema made is kept as JSON until the hook is called, perhaps after a restart.
    completed: (upload) => void proves<Same<typeof upload.metadata.day, string>>(),
  }),
  avatars: policy({ maxFileSize: 5 }),
  maybe: policy({ input: z.object({ note: z.string() }).optional(), completed: () => 'kept' as const }),
  bare: { types: ['video/*'], completed: () => 7 },
};

export const uploads = createUploads({ root: 'data', owner: (ctx: Context) => ctx.user, policies });
const t = initTRPC.context<Context>().create();
export const router = t.router({ uploads: uploads.procedures(t.procedure) });
export type AppRouter = typeof router;

const url = 'http://127.0.0.1/trpc';
const trpc = createTRPCClient<AppRouter>({ links: [uploadLink<AppRouter>({ url }), httpBatchLink({ url })] });
const uploader = createUploader(trpc.uploads);
type Client = typeof trpc.uploads;
const file = new Blob(['x']);

proves<Same<MetadataOf<Client, 'albums'>, { album: string; tags?: string[] | undefined }>>();
type Album = { url: string; at: string; pages?: number } | undefined;
proves<Same<Partial<DataOf<Client, 'albums'>>, Partial<Album>>>();
proves<Same<DataOf<Client, 'maybe'>, 'kept' | undefined>>();
proves<Same<DataOf<Client, 'bare'>, number | undefined>>();
proves<Same<DataOf<Client, 'avatars'>, undefined>>();
proves<Same<DataOf<Client, 'dates'>, undefined>>();

export async function adds(): Promise<void> {
  const { data } = await uploader.upload(file, { policy: 'albums', metadata: { album: 'summer' } });
  proves<Same<typeof data, DataOf<Client, 'albums'>>>();
  data?.url satisfies string | undefined;
  data?.at satisfies string | undefined;
  // @ts-expect-error functions do not go through JSON
  data?.show;
  // @ts-expect-error the hook may not have succeeded yet
  data.url;

  const task = uploader.add(file, { policy: 'maybe' });
  proves<Same<Awaited<typeof task.result>['data'], 'kept' | undefined>>();
  uploader.add(file, { policy: 'maybe', metadata: { note: 'x' } });
  uploader.add(file, { policy: 'dates', metadata: { day: '2026-01-01' } });
  uploader.add(file, { policy: 'avatars' });
  uploader.add(file, { policy: 'default', metadata: { anything: [1, null] } });
  uploader.add(file, { name: 'a.bin' });
  uploader.add(file);
  const all = await uploader.uploadAll([file], { policy: 'bare' }, (each) => each.pause());
  for (const each of all) if (each.status === 'completed') each.result.data satisfies number | undefined;
  await uploader.uploadAll([file]);

  // @ts-expect-error no such policy
  uploader.add(file, { policy: 'album', metadata: { album: 'summer' } });
  // @ts-expect-error without its metadata
  uploader.add(file, { policy: 'albums' });
  // @ts-expect-error a field is missing
  uploader.add(file, { policy: 'albums', metadata: { tags: [] } });
  // @ts-expect-error a field of another type
  uploader.add(file, { policy: 'albums', metadata: { album: 1 } });
  // @ts-expect-error another policy's metadata
  await uploader.upload(file, { policy: 'dates', metadata: { album: 'summer' } });
  // @ts-expect-error a misspelt option
  uploader.add(file, { policy: 'avatars', nme: 'x' });
  // @ts-expect-error metadata of many files is checked as well
  await uploader.uploadAll([file], { policy: 'albums' });
}

export async function calls(): Promise<void> {
  const init = { name: 'a', size: 1, chunkSize: 1, hash: null };
  const view = await trpc.uploads.init.mutate({ ...init, policy: 'albums', metadata: { album: 'a' } });
  if (view.status === 'completed' && view.policy === 'albums') view.data?.url satisfies string | undefined;
  // @ts-expect-error data of which policy?
  if (view.status === 'completed') view.data?.url;
  // @ts-expect-error metadata of another policy
  await trpc.uploads.init.mutate({ ...init, policy: 'dates', metadata: { album: 'a' } });
  await trpc.uploads.policy.query({ policy: 'avatars', size: 1 });
  // @ts-expect-error no such policy
  await trpc.uploads.policy.query({ policy: 'avatar' });
  for (const item of (await trpc.uploads.list.query({})).items)
    if (item.status === 'completed' && item.policy === 'bare') item.data satisfies number | undefined;
}

// Where the default policy asks for metadata, an upload that names no policy has to bring it.
const strict = createUploads({
  root: 'data',
  owner: 'shared',
  policies: { default: policy({ input: z.object({ team: z.string() }), completed: () => [1, 2] }) },
});
const open = initTRPC.context<UploadsContext>().create();
export const strictRouter = open.router({ files: strict.procedures(open.procedure) });
const strictUploader = createUploader(createTRPCClient<typeof strictRouter>({ links: [] }).files);

export async function byDefault(): Promise<void> {
  const { data } = await strictUploader.upload(file, { metadata: { team: 'a' } });
  proves<Same<typeof data, number[] | undefined>>();
  // @ts-expect-error without its metadata
  strictUploader.add(file);
  // @ts-expect-error without its metadata
  strictUploader.add(file, { name: 'a' });
  // @ts-expect-error without the metadata of each
  await strictUploader.uploadAll([file]);
  await strictUploader.uploadAll([file], { metadata: { team: 'a' } }, (task) => task.pause());
}

// @ts-expect-error policies are not inferred beside a type argument: `ctx` is annotated instead
createUploads<Context>({ root: 'data', owner: (ctx) => ctx.user, policies: { albums: policies.albums } });
// @ts-expect-error a misspelt option of a policy
policy({ maxFilesize: 5 });
// @ts-expect-error a hook answers true, false or a sentence
policy({ authorize: () => 5 });

proves<
  Same<
    AsJson<{ at: Date; list: (Date | undefined)[]; gone: () => void; big: bigint }>,
    { at: string; list: (string | null)[]; big: never }
  >
>();

// Where the default policy is closed, every upload names one.
const closed = createUploads({
  root: 'data',
  owner: 'shared',
  policies: { default: false, photos: policies.albums, notes: policy({ completed: () => 'noted' }) },
});
export const closedRouter = open.router({ files: closed.procedures(open.procedure) });
const closedClient = createTRPCClient<typeof closedRouter>({ links: [] }).files;
const closedUploader = createUploader(closedClient);

export async function named(): Promise<void> {
  const { data } = await closedUploader.upload(file, { policy: 'notes' });
  proves<Same<typeof data, string | undefined>>();
  // @ts-expect-error no policy
  closedUploader.add(file);
  // @ts-expect-error no policy
  closedUploader.add(file, { name: 'a' });
  // @ts-expect-error no policy, for any of the files
  await closedUploader.uploadAll([file]);
  // @ts-expect-error the policy's metadata are missing
  closedUploader.add(file, { policy: 'photos' });
  // @ts-expect-error there is none
  closedUploader.add(file, { policy: 'default' });
  // @ts-expect-error no policy
  await closedClient.init.mutate({ name: 'a', size: 1, chunkSize: 1, hash: null });
}
