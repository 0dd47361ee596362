/** A page that uploads what is chosen in it, and keeps every state that any of its uploads has ever told of. */
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import {
  createUploader,
  type TaskState,
  toUploadError,
  type UploadError,
  type Uploader,
  type UploadResult,
  type UploadTask,
  uploadLink,
} from '../../../../client/index.js';
import type { Progress, UploadView, WatchEvent } from '../../../../contract/index.js';
import type { TestRouter } from '../../../support/server.js';
import { watchLongTasks } from '../../pages/long-tasks.js';

export interface Settings {
  token?: string;
  concurrency?: number;
  maxBackoffMs?: number;
}

export interface ErrorSeen {
  code: string;
  message: string;
  retryable: boolean;
}

/** A state as it can leave the page. */
export type Told = Omit<TaskState, 'error' | 'retrying'> & Record<'error' | 'retrying', ErrorSeen | null>;

export interface Look {
  /** The last state. */
  state: Told;
  /** In the order in which they came. */
  phases: string[];
  states: number;
  result: UploadResult | null;
  error: ErrorSeen | null;
}

interface Kept {
  task: UploadTask;
  log: Told[];
  result: UploadResult | null;
  error: ErrorSeen | null;
}

const [files, folder] = [input('multiple'), input('webkitdirectory')];
const longTasks = watchLongTasks();
const kept: Kept[] = [];
const watched: Progress[] = [];
let settings: Settings = {};

function input(kind: 'multiple' | 'webkitdirectory'): HTMLInputElement {
  const made = document.createElement('input');
  made.type = 'file';
  made[kind] = true;
  document.body.append(made);
  return made;
}

const client = createTRPCClient<TestRouter>({
  links: [
    uploadLink({ url: '/trpc', headers }),
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url: '/trpc' }),
      false: httpBatchLink({ url: '/trpc', maxItems: 100, headers }),
    }),
  ],
});
let uploader: Uploader<typeof client.uploads> | null = null;

function headers(): Record<string, string> {
  return settings.token === undefined ? {} : { authorization: `Bearer ${settings.token}` };
}

function seen({ code, message, retryable }: UploadError): ErrorSeen {
  return { code, message, retryable };
}

function keep(task: UploadTask): void {
  const one: Kept = { task, log: [], result: null, error: null };
  const tell = () => {
    const { error, retrying, ...state } = task.state;
    one.log.push({ ...state, error: error && seen(error), retrying: retrying && seen(retrying) });
  };
  tell();
  task.subscribe(tell);
  task.result.then(
    (result) => {
      one.result = result;
    },
    (cause) => {
      one.error = seen(toUploadError(cause));
    },
  );
  kept.push(one);
}

function at(index: number): Kept {
  const one = kept[index];
  if (!one) throw new Error(`there are only ${kept.length} uploads`);
  return one;
}

const bench = {
  /** From now on; the uploader is made with the first file. */
  set(given: Settings): void {
    settings = given;
  },
  /** Begins an upload of each chosen file. @returns how many there are */
  add(paused: boolean): number {
    const { token: _, ...options } = settings;
    uploader ??= createUploader(client.uploads, options);
    const chosen = [...(files.files ?? []), ...(folder.files ?? [])];
    for (const file of chosen) {
      const task = uploader.add(file) as UploadTask;
      if (paused) task.pause();
      keep(task);
    }
    return chosen.length;
  },
  retry(index: number): void {
    if (uploader) keep(uploader.retry(at(index).task));
  },
  pause: (index: number) => at(index).task.pause(),
  continue: (index: number) => at(index).task.continue(),
  cancel: (index: number, discard: boolean) => at(index).task.cancel({ discard }),
  look(index: number): Look {
    const { log, result, error } = at(index);
    const phases = log.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]);
    return { state: log.at(-1) as Told, phases, states: log.length, result, error };
  },
  logs: () => kept.map(({ log }) => log),
  ends: () =>
    kept.map(({ task, result, error }) => ({
      ...{ name: task.state.name, relativePath: task.relativePath ?? null, result, error },
    })),
  settled: () => kept.filter(({ result, error }) => result || error).length,
  /** Follows all uploads of this owner by the stream; resolves with what it had at first. */
  watch: () =>
    new Promise<Progress[]>((resolve, reject) => {
      client.uploads.watch.subscribe(
        {},
        {
          onData(given) {
            const event = given as WatchEvent;
            if (event.kind === 'snapshot') resolve(event.items);
            else watched.push(event.progress);
          },
          onError: reject,
        },
      );
    }),
  watched: () => watched,
  list: async (): Promise<UploadView[]> => (await client.uploads.list.query({})).items as UploadView[],
  /** How long tasks held up this page since it was opened. Ends the measuring. */
  longTasks,
};

export type Bench = typeof bench;
Object.assign(globalThis, { bench });
