import { UploadError } from '../contract/index.js';
import { createEngine, type UploaderOptions } from './engine.js';
import { toUploadError } from './errors.js';
import { createAbortHub, createScope } from './scope.js';
import { toSource } from './sources.js';
import { createTask } from './task.js';
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
 * `metadata` and of the result's `data`.
 */
export interface Uploader<Client extends UploadsClient = UploadsClient> extends AsyncDisposable {
  /** Begins one upload. The source is closed when it has settled. */
  add<Name extends PolicyName<Client>>(
    source: SourceLike,
    options: UploadOptions<Client, Name> & { policy: Name },
  ): UploadTask<DataOf<Client, Name>>;
  add(source: SourceLike, ...options: DefaultOptions<Client>): UploadTask<DefaultData<Client>>;
  /** `add(source, options).result` */
  upload<Name extends PolicyName<Client>>(
    source: SourceLike,
    options: UploadOptions<Client, Name> & { policy: Name },
  ): Promise<UploadResult<DataOf<Client, Name>>>;
  upload(source: SourceLike, ...options: DefaultOptions<Client>): Promise<UploadResult<DefaultData<Client>>>;
  /**
   * Uploads every source with the same options, and never rejects because of one of them: each file settles by
   * itself. In the order of the sources. @param onTask told of each task as it begins
   */
  uploadAll<Name extends PolicyName<Client>>(
    sources: Sources,
    options: UploadOptions<Client, Name> & { policy: Name },
    onTask?: (task: UploadTask<DataOf<Client, Name>>) => void,
  ): Promise<Settled<DataOf<Client, Name>>[]>;
  uploadAll(
    sources: Sources,
    ...options: DefaultOptionsOfAll<Client>
  ): Promise<Settled<DefaultData<Client>>[]>;
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
  const running = new Set<UploadTask>();
  let added = 0;

  function begin(input: SourceLike, given: PlainUploadOptions): UploadTask {
    if (root.signal.aborted) throw new UploadError('CANCELLED', { message: 'The uploader is closed.' });
    const source = toSource(input, given);
    const task = createTask(engine, ++added, source, given, root);
    running.add(task);
    const stopListening = given.signal ? hub.on(given.signal, () => void task.cancel()) : () => {};
    const ended = () => {
      running.delete(task);
      stopListening();
    };
    task.result.then(ended, ended);
    return task;
  }

  async function settle(task: UploadTask, source: { relativePath?: string | undefined }): Promise<Settled> {
    const who = { name: task.state.name, relativePath: source.relativePath };
    try {
      return { status: 'completed', ...who, result: await task.result };
    } catch (cause) {
      return { status: 'failed', ...who, error: toUploadError(cause) };
    }
  }

  async function beginAll(
    sources: Sources,
    given: PlainUploadOptions,
    onTask: (task: UploadTask) => void,
  ): Promise<Settled[]> {
    const settling: Promise<Settled>[] = [];
    try {
      for await (const input of sources) {
        const source = toSource(input, given);
        const task = begin(source, given);
        settling.push(settle(task, { relativePath: given.relativePath ?? source.relativePath }));
        onTask(task);
      }
    } finally {
      // Also where the sources end with an error: what has begun settles first.
      await Promise.all(settling);
    }
    return Promise.all(settling);
  }

  async function close(): Promise<void> {
    root.abort(new UploadError('CANCELLED', { message: 'The uploader was closed.' }));
    await Promise.allSettled([...running].map((task) => task.result));
    engine.scheduler.close();
    await engine.hasher.close?.();
  }

  const plain = {
    add: (source: SourceLike, given: PlainUploadOptions = {}) => begin(source, given),
    upload: async (source: SourceLike, given: PlainUploadOptions = {}) => begin(source, given).result,
    uploadAll: (
      sources: Sources,
      given: PlainUploadOptions = {},
      onTask: (task: UploadTask) => void = () => {},
    ) => beginAll(sources, given, onTask),
    close,
    [Symbol.asyncDispose]: close,
  };
  // The options and results are inferred from the router's types; at run time they are plain data.
  return plain as unknown as Uploader<Client>;
}
