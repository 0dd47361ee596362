import { UploadError } from '../../contract/for-clients.js';
import { toUploadError } from '../errors.js';
import type { UploadResult, UploadTask } from '../types.js';
import { attempt } from './attempt.js';
import { sourceOf } from './file.js';
import type { PlainFile, PlainOptions, PlainUploader, PlainUppy } from './plain.js';
import { createStall } from './stall.js';
import type { Say } from './strings.js';
import { createTeller, type Teller } from './teller.js';
import { createUploadButton } from './upload-button.js';

/** The uploads of the files that Uppy holds. */
export interface Transfers {
  /** For `uppy.addUploader`. Never rejects: each file's failure is told by itself. */
  upload(fileIDs: string[]): Promise<void>;
  /** People have chosen more. */
  added(): void;
  /** Uppy has let go of the file. */
  remove(fileID: string): void;
  pause(fileID: string, paused: boolean): void;
  pauseAll(paused: boolean): void;
  /** The files whose upload the server knows by that id: more than one where their content is the same. */
  filesOf(uploadId: string): string[];
  /** Cancels what still runs; the server keeps what it has. */
  stop(): void;
}

/** A file's upload, until it has ended or Uppy has let go of the file. */
interface Run {
  readonly id: string;
  readonly teller: Teller;
  readonly task: UploadTask;
}

export function createTransfers(
  uppy: PlainUppy,
  uploader: PlainUploader,
  options: () => PlainOptions,
  say: Say,
): Transfers {
  const runs = new Map<string, Run>();
  /** What has failed, until it is tried again or Uppy lets go of the file. */
  const failed = new Map<string, UploadTask>();
  /** Uploads of files that Uppy has let go of, until the server has heard of it. */
  const leaving = new Map<string, Promise<void>>();
  /** What waits for that: the same files, chosen again. */
  const waiting = new Map<string, Teller>();
  const button = createUploadButton(uppy);
  const tellStall = createStall(uppy, say);
  const states = () => [...runs.values()].map(({ task }) => task.state);
  let stopped = false;

  async function upload(fileIDs: string[]): Promise<void> {
    const files = fileIDs.map((id) => uppy.getFile(id)).filter((file) => file && isWaiting(file));
    const tellers = files.map((file) => [file, createTeller(uppy, file.id, say)] as const);
    // While others upload, the Dashboard would take files that have not started for ones that nobody sends.
    const others = [...runs.values()].some(({ teller }) => teller.started);
    if (others) start(tellers.map(([{ id }, teller]) => ({ id, teller })));
    else
      uppy.patchFilesState(
        Object.fromEntries(tellers.map(([{ id }, teller]) => [id, { progress: teller.preparing() }])),
      );
    const ends = tellers.map(([file, teller]) => run(file, teller));
    offer();
    await Promise.all(ends);
  }

  /** Whether there is something that a person could start. */
  function offer(): void {
    const unstarted = [...runs.values()].filter(({ teller }) => !teller.started).length;
    const all = uppy.getFiles().filter(({ progress }) => !progress.uploadStarted).length;
    if (unstarted === 0 || all > unstarted) button.show();
    else button.hide();
  }

  async function run(file: PlainFile, teller: Teller): Promise<void> {
    const { id } = file;
    try {
      if (leaving.has(id) && !(await isNext(id, teller))) return;
      await follow({ id, teller, task: add(uppy.getFile(id)) });
    } catch (cause) {
      refuse(id, teller, cause);
    }
  }

  /** Waits, or it would join a session that is about to be aborted. False where Uppy has let go of it meanwhile. */
  async function isNext(id: string, teller: Teller): Promise<boolean> {
    waiting.set(id, teller);
    await leaving.get(id);
    if (stopped) throw new UploadError('CANCELLED');
    return waiting.get(id) === teller && waiting.delete(id);
  }

  /** @throws what keeps the upload from beginning */
  function add(file: PlainFile): UploadTask {
    const before = failed.get(file.id);
    failed.delete(file.id);
    if (before) uploader.dismiss(before);
    const source = sourceOf(file, say);
    const { policy, metadata } = options();
    const task = uploader.add(source, {
      policy,
      metadata: metadata?.(file),
      name: source.name,
      ...(source.relativePath === undefined ? {} : { relativePath: source.relativePath }),
    });
    if (file.isPaused) task.pause();
    return task;
  }

  /** Until the end; never rejects. */
  async function follow(own: Run): Promise<void> {
    const { id, teller, task } = own;
    runs.set(id, own);
    const stop = task.subscribe(() => {
      // `uppy.clear()` lets go of files without a word.
      if (!uppy.getFile(id)) remove(id);
      if (runs.get(id) === own) show(own);
    });
    const end = await task.result.then(
      (result) => () => complete(id, teller, result),
      (cause) => () => {
        failed.set(id, task);
        refuse(id, teller, cause);
      },
    );
    stop();
    if (runs.get(id) !== own) return;
    runs.delete(id);
    tellStall(states());
    end();
  }

  function complete(id: string, teller: Teller, result: UploadResult): void {
    if (!uppy.getFile(id)) return;
    attempt(() => startOne(id, teller));
    if (!uppy.getFile(id)) return;
    const url = attempt(() => options().downloadUrl?.(result));
    attempt(() => teller.completed(result, url));
  }

  function refuse(id: string, teller: Teller, cause: unknown): void {
    if (!uppy.getFile(id)) return;
    attempt(() => startOne(id, teller));
    if (!uppy.getFile(id)) return;
    attempt(() => teller.failed(toUploadError(cause)));
  }

  function show(own: Run): void {
    const { id, teller } = own;
    const { state } = own.task;
    if (state.phase === 'hashing') teller.hashing(state);
    if (state.phase !== 'uploading' && state.phase !== 'assembling') return;
    teller.prepared();
    // All of them, as soon as one uploads: their sizes make the total, from the beginning.
    if (!teller.started) start(state.phase === 'uploading' ? [...runs.values()] : [{ id, teller }]);
    tellStall(states());
    // Whoever was told just now may have taken it away.
    if (runs.get(id) === own) teller[state.phase](state);
  }

  function startOne(id: string, teller: Teller): void {
    teller.prepared();
    start([{ id, teller }]);
  }

  /** As one event and one change of Uppy's state, however many they are: each change copies the list of files. */
  function start(all: readonly Pick<Run, 'id' | 'teller'>[]): void {
    const now = all.filter(({ id, teller }) => !teller.started && uppy.getFile(id));
    if (now.length === 0) return;
    attempt(() =>
      uppy.emit(
        'upload-start',
        now.map(({ id }) => uppy.getFile(id)),
      ),
    );
    const kept = now.filter(({ id }) => uppy.getFile(id));
    uppy.patchFilesState(
      Object.fromEntries(kept.map(({ id, teller }) => [id, { progress: teller.start() }])),
    );
    if (button.hidden) offer();
  }

  function remove(id: string): void {
    const task = runs.get(id)?.task ?? failed.get(id);
    runs.delete(id);
    failed.delete(id);
    waiting.delete(id);
    if (task) {
      // Later, when it shows whether a person took the file away, or all of Uppy is closed: then the server keeps it.
      const left = Promise.resolve().then(() => leave(task));
      leaving.set(id, left);
      void left.then(() => leaving.get(id) === left && leaving.delete(id));
    }
    offer();
  }

  async function leave(task: UploadTask): Promise<void> {
    const discard = !stopped && options().discardOnCancel !== false;
    try {
      await task.cancel({ discard });
    } catch (cause) {
      const { message } = toUploadError(cause);
      uppy.log(`Chunkwise: the server keeps ${task.state.name} until it expires. ${message}`, 'warning');
    }
    uploader.dismiss(task);
  }

  function pause(id: string, paused: boolean): void {
    const task = runs.get(id)?.task;
    if (paused) task?.pause();
    else task?.continue();
  }

  return {
    upload,
    remove,
    added: offer,
    pause,
    pauseAll(paused) {
      for (const { id } of runs.values()) pause(id, paused);
      // Uppy itself marks those that have started.
      const others = [...runs.values()].filter(({ teller }) => !teller.started);
      if (others.length > 0)
        uppy.patchFilesState(Object.fromEntries(others.map(({ id }) => [id, { isPaused: paused }])));
    },
    filesOf: (uploadId) =>
      [...runs.values()].filter(({ task }) => task.state.uploadId === uploadId).map(({ id }) => id),
    stop() {
      stopped = true;
      button.show();
      for (const { task } of runs.values()) void task.cancel();
    },
  };
}

/** Not what another plugin has refused before, nor what a restored batch had completed. */
function isWaiting({ error, progress }: PlainFile): boolean {
  return !error && !(progress.uploadComplete && progress.complete);
}
