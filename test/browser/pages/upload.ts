/** Functions of a page that tests call: uploading the file that was chosen, with nothing but defaults. */
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, type TaskState, type UploadError, uploadLink } from '../../../client/index.js';
import type { TestRouter } from '../../support/server.js';
import { watchLongTasks } from './long-tasks.js';

export interface UploadRun {
  state: TaskState;
  error: string | null;
  sentBytes: number | null;
  longTasks: number[];
  /** Bytes and hashed bytes, each time that they were told. */
  bytes: number[];
  hashed: number[];
}

const url = '/trpc';
const trpc = createTRPCClient<TestRouter>({
  links: [uploadLink({ url }), httpBatchLink({ url, maxItems: 100 })],
});
const uploader = createUploader(trpc.uploads);

const page = {
  async upload(): Promise<UploadRun> {
    const file = document.querySelector('input')?.files?.[0];
    if (!file) throw new Error('no file was chosen');
    const [bytes, hashed]: [number[], number[]] = [[], []];
    const stop = watchLongTasks();
    const task = uploader.add(file);
    const told = () => {
      bytes.push(task.state.bytes);
      hashed.push(task.state.hashedBytes);
      document.title = `${task.state.phase} ${task.state.chunks}`;
    };
    task.subscribe(told);
    const ended = await task.result.then(
      ({ sentBytes }) => ({ sentBytes, error: null }),
      (error: UploadError) => ({ sentBytes: null, error: error.code }),
    );
    return { state: task.state, ...ended, longTasks: await stop(), bytes, hashed };
  },
};

export type UploadPage = typeof page;
Object.assign(globalThis, { page });
