/** `createTestUploads` types policies as `createUploads` does, from their names to an upload's `data`. */
import { createTRPCClient } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import { policy, type UploadsContext } from '../../server/index.js';
import { createTestUploads, testLink } from '../../testing/index.js';
import { proves, type Same } from './expect.js';

interface Context extends UploadsContext {
  user: string | null;
}

const policies = {
  albums: policy({
    input: z.object({ album: z.string() }),
    completed: (upload) => ({ url: `/albums/${upload.metadata.album}` }),
  }),
  avatars: policy({ maxFileSize: 5 }),
};

const file = new Blob(['x']);

export async function owners(): Promise<void> {
  await using test = await createTestUploads({ policies });
  const uploader = test.uploader('ann');
  const { data } = await uploader.upload(file, { policy: 'albums', metadata: { album: 'summer' } });
  proves<Same<typeof data, { url: string } | undefined>>();
  await test.uploader().upload(file, { policy: 'avatars' });
  for (const item of (await test.client('ann').list.query({})).items)
    if (item.status === 'completed' && item.policy === 'albums') item.data?.url satisfies string | undefined;
  // @ts-expect-error no such policy
  uploader.add(file, { policy: 'album', metadata: { album: 'summer' } });
  // @ts-expect-error without its metadata
  uploader.add(file, { policy: 'albums' });
  // @ts-expect-error another policy's metadata
  uploader.add(file, { policy: 'albums', metadata: { name: 'x' } });
  // @ts-expect-error a misspelt option of an uploader
  test.uploader('ann', { retrys: 5 });
}

export async function ownRouter(): Promise<void> {
  await using test = await createTestUploads({ owner: (ctx: Context) => ctx.user, policies });
  const t = initTRPC.context<Context>().create();
  const router = t.router({ files: test.uploads.procedures(t.procedure) });
  const createContext = () => ({ ...test.uploads.context(), user: 'ann' });
  const trpc = createTRPCClient<typeof router>({ links: [test.link(router, { createContext })] });
  const { data } = await test
    .uploader(trpc.files)
    .upload(file, { policy: 'albums', metadata: { album: 'summer' } });
  proves<Same<typeof data, { url: string } | undefined>>();
  createTRPCClient<typeof router>({ links: [testLink(router, { createContext })] });
  // @ts-expect-error the context lacks what the router needs
  test.link(router, { createContext: (opts) => ({ ...test.uploads.context(opts) }) });
  // @ts-expect-error a router needs a context
  test.link(router);
  // @ts-expect-error not a client of upload procedures
  test.uploader(trpc);

  const bare = initTRPC.context<UploadsContext>().create();
  // @ts-expect-error `owner` reads a user that is not in the context
  test.uploads.procedures(bare.procedure);
}

export async function misuse(): Promise<void> {
  // @ts-expect-error a test has a folder of its own
  await createTestUploads({ root: 'data' });
  // @ts-expect-error nothing is synced in a test
  await createTestUploads({ durability: 'chunk' });
  // @ts-expect-error the clock is the test's own
  await createTestUploads({ clock: { now: () => 0 } });
  // @ts-expect-error no such store
  await createTestUploads({ store: 'tape' });
  const test = await createTestUploads();
  // @ts-expect-error no such code
  test.faults.refuse('BUSY');
  // @ts-expect-error no such place
  test.faults.drop({ at: 'middle' });
  // @ts-expect-error a chunk's bytes are damaged, nothing else's
  test.faults.corrupt({ call: 'init' });
}
