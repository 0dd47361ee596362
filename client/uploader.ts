import { UploadError } from '../contract/for-clients.js';
import { createEngine, type UploaderOptions } from './engine.js';
import { toUploadError } from './errors.js';
import { readUntil } from './read-until.js';
import { createAbortHub, createScope } from './scope.js';
import { toSource } from './sources.js';
import { createTask } from './task.js';
import { createTaskList } from './task-list.js';
import type {
  DataOf,
  DefaultData,
  DefaultOptions,
  DefaultOptionsOfAll,
  PlainUploadOptions,
  PolicyName,
  Settled,
  SourceLike,
  UploadOptions,
  UploadResult,
  UploadsClient,
  UploadTask,
} from './types.js';

/** What `uploadAll` takes its files from. */
export type Sources = Iterable<SourceLike> | AsyncIterable<SourceLike>;

/**
 * Uploads files through one scheduler: its limits hold over all of them. The name of the policy selects the types of
 * `metadata` and of the result's `data`. The overloads that name one stand last: a compiler that prints one reason only
 * prints the last one's.
 */
export interface Uploader<Client extends UploadsClient = UploadsClient> extends AsyncDisposable {
  /** The procedures that it calls, as `createUploader` was given them. */
  readonly client: Client;
  /** Begins one upload. The source is closed when it has settled. */
  add(source: SourceLike, ...options: DefaultOptions<Client>): UploadTask<DefaultData<Client>>;
  add<Name extends PolicyName<Client>>(
    source: SourceLike,
    options: UploadOptions<Client, Name> & { policy: Name },
  ): UploadTask<DataOf<Client, Name>>;
  /** `add(source, options).result` */
  upload(source: SourceLike, ...options: DefaultOptions<Client>): Promise<UploadResult<DefaultData<Client>>>;
  upload<Name extends PolicyName<Client>>(
    source: SourceLike,
    options: UploadOptions<Client, Name> & { policy: Name },
  ): Promise<UploadResult<DataOf<Client, Name>>>;
  /**
   * Uploads every source with the same options, and never rejects because of one of them: each file settles by
   * itself. In the order of the sources. Once `signal` aborts or the uploader is closed, no more sources are asked for:
   * what is answered are those that had begun. @param onTask told of each task as it begins
   */
  uploadAll(
    sources: Sources,
    ...options: DefaultOptionsOfAll<Client>
  ): Promise<Settled<DefaultData<Client>>[]>;
  uploadAll<Name extends PolicyName<Client>>(
    sources: Sources,
    options: UploadOptions<Client, Name> & { policy: Name },
    onTask?: (task: UploadTask<DataOf<Client, Name>>) => void,
  ): Promise<Settled<DataOf<Client, Name>>[]>;
  /**
   * The uploads in the order in which they were added: those that run, and of the settled ones those that settled
   * last, at most CLIENT_DEFAULTS.settledTasksKept. Frozen. It is another array once an upload was added, has settled
   * or was dismissed, and the same one while only bytes move.
   */
  readonly tasks: readonly UploadTask<DataOf<Client, PolicyName<Client>>>[];
  /**
   * Called after `tasks` has changed; for many changes in a row at most every CLIENT_DEFAULTS.progressIntervalMs.
   * @returns what ends the subscription
   */
  subscribe(listener: () => void): () => void;
  /**
   * Takes a settled upload out of `tasks`; no effect where it is not there.
   * @throws UploadError INPUT_INVALID while it runs: cancel it first
   */
  dismiss(task: UploadTask<unknown>): void;
  /**
   * Begins a failed or cancelled upload again, with the options that it had: a new task in its place in `tasks`. A
   * signal that has aborted since counts no more.
   * @throws UploadError INPUT_INVALID for any other task, and where the source was closed: a Blob, a File and bytes can
   *   be read again, a source with `close` is made for one upload
   */
  retry<Data>(task: UploadTask<Data>): UploadTask<Data>;
  /** Cancels what still runs, keeping the sessions, and ends the hasher's threads. */
  close(): Promise<void>;
}

/**
 * An uploader on the `uploads` router of a tRPC client: `createUploader(trpc.uploads)`. The client needs `uploadLink`
 * before its other links.
 * @throws RangeError where an option is out of its range
 */
export function createUploader<Client extends UploadsClient>(
  client: Client,
  options: UploaderOptions = {},
): Uploader<Client> {
  const engine = createEngine(client, options);
  const root = createScope();
  const hub = createAbortHub();
  const list = createTaskList(engine.clock);
  let added = 0;

  function begin(input: SourceLike, given: PlainUploadOptions = {}, place?: UploadTask): UploadTask {
    if (root.signal.aborted) throw new UploadError('CANCELLED', { message: 'The uploader is closed.' });
    const source = toSource(input, given);
    const task = createTask(engine, ++added, source, given, root);
    const again = () =>
      begin(input, { ...given, signal: given.signal?.aborted ? undefined : given.signal }, task);
    list.add(task, source.close ? null : again, place);
    const stopListening = hub.on(given.signal, () => void task.cancel());
    task.result.then(stopListening, stopListening);
    return task;
  }

  async function settle(task: UploadTask): Promise<Settled> {
    const who = { name: task.state.name, relativePath: task.relativePath };
    try {
      return { status: 'completed', ...who, result: await task.result };
    } catch (cause) {
      return { status: 'failed', ...who, error: toUploadError(cause) };
    }
  }

  async function beginAll(
    sources: Sources,
    given: PlainUploadOptions = {},
    onTask: (task: UploadTask) => void = () => {},
  ): Promise<Settled[]> {
    const settling: Promise<Settled>[] = [];
    const reading = root.child();
    const stopListening = hub.on(given.signal, () => reading.abort(null));
    try {
      await readUntil(reading.signal, sources, (input) => {
        const task = begin(input, given);
        settling.push(settle(task));
        onTask(task);
      });
    } finally {
      stopListening();
      reading.close();
      // Also where the sources end with an error: what has begun settles first.
      await Promise.all(settling);
    }
    return Promise.all(settling);
  }

  async function close(): Promise<void> {
    root.abort(new UploadError('CANCELLED', { message: 'The uploader is closed.' }));
    await Promise.allSettled(list.tasks.map((task) => task.result));
    engine.scheduler.close();
    await engine.hasher.close?.();
  }

  const plain = {
    client,
    add: (source: SourceLike, given?: PlainUploadOptions) => begin(source, given),
    upload: async (source: SourceLike, given?: PlainUploadOptions) => begin(source, given).result,
    uploadAll: beginAll,
    get tasks() {
      return list.tasks;
    },
    ...{ subscribe: list.subscribe, dismiss: list.dismiss, retry: list.retry },
    close,
    [Symbol.asyncDispose]: close,
  };
  // The options and results are inferred from the router's types; at run time they are plain data.
  return plain as unknown as Uploader<Client>;
}
