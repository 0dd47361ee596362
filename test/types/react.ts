/** Hooks are typed by the router and by the policy's name. */
import { createTRPCClient } from '@trpc/client';
import { createUploader, type DataOf, type TaskState, type UploadTask } from '../../client/index.js';
import {
  UploaderProvider,
  type UploadsSummary,
  useUpload,
  useUploads,
  useUploadsSummary,
  useUploadTask,
} from '../../client/react/index.js';
import { proves, type Same } from './expect.js';
import type { AppRouter, closedRouter } from './policies.js';

const trpc = createTRPCClient<AppRouter>({ links: [] });
const uploader = createUploader(trpc.uploads);
const closedUploader = createUploader(createTRPCClient<typeof closedRouter>({ links: [] }).files);
type Client = typeof trpc.uploads;
const file = new Blob(['x']);

export function UseAlbums(): void {
  const { tasks, add, upload, retry, dismiss } = useUploads(uploader, { policy: 'albums' });
  proves<Same<typeof tasks, readonly UploadTask<DataOf<Client, 'albums'>>[]>>();
  const task = add(file, { metadata: { album: 'summer' } });
  proves<Same<typeof task, UploadTask<DataOf<Client, 'albums'>>>>();
  const again = retry(task);
  proves<Same<typeof again, typeof task>>();
  upload(file, { metadata: { album: 'summer' }, name: 'a' }).then(({ data }) => {
    data?.url satisfies string | undefined;
    // @ts-expect-error the hook may not have succeeded yet
    data.url;
  });
  dismiss(task);
  // @ts-expect-error the list is read, not written
  tasks.push(task);
  // @ts-expect-error without its metadata
  add(file);
  // @ts-expect-error a field of another type
  add(file, { metadata: { album: 1 } });
  // @ts-expect-error the policy is named already
  add(file, { metadata: { album: 'summer' }, policy: 'albums' });
  // @ts-expect-error no such policy
  useUploads(uploader, { policy: 'album' });
}

export function UsePolicies(): void {
  const bare = useUploads(uploader, { policy: 'bare' });
  const task = bare.add(file);
  proves<Same<Awaited<typeof task.result>['data'], number | undefined>>();
  bare.add(file, { name: 'x', relativePath: 'a/x' });
  useUploads(uploader, { policy: 'default' }).add(file, { metadata: { anything: 1 } });
}

export function UseAll(): void {
  const { tasks, add } = useUploads(uploader);
  proves<Same<typeof tasks, typeof uploader.tasks>>();
  add(file, { policy: 'albums', metadata: { album: 'summer' } });
  add(file);
  // @ts-expect-error without its metadata
  add(file, { policy: 'albums' });
  // @ts-expect-error here every upload names its policy
  useUploads(closedUploader).add(file);
  useUploads(closedUploader, { policy: 'notes' }).add(file);
}

export function UseOne(task: UploadTask<unknown>, id: string, maybe: UploadTask | null): void {
  const state = useUpload(task);
  proves<Same<typeof state, TaskState>>();
  const phase = useUpload(task, ({ phase }) => phase);
  proves<Same<typeof phase, TaskState['phase']>>();
  const byId = useUpload(id);
  proves<Same<typeof byId, TaskState | null>>();
  const fraction = useUpload(id, ({ fraction }) => fraction);
  proves<Same<typeof fraction, number | null>>();
  useUpload(maybe)?.phase satisfies string | undefined;
  useUploadTask(id)?.pause();
  // @ts-expect-error there may be none
  useUpload(id).phase;
  // @ts-expect-error no such field
  useUpload(task, (state) => state.done);
}

export function UseSummary(): void {
  const summary = useUploadsSummary(uploader, { policy: 'albums' });
  proves<Same<typeof summary, UploadsSummary>>();
  // @ts-expect-error no such policy
  useUploadsSummary(uploader, { policy: 'album' });
  UploaderProvider({ uploader });
  UploaderProvider({ uploader: closedUploader });
  // @ts-expect-error not an uploader
  UploaderProvider({ uploader: trpc });
}
