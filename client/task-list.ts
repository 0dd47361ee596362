import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import { type Clock, UploadError } from '../contract/for-clients.js';
import { createNotifier } from './notify.js';
import type { UploadTask } from './types.js';

/** Begins the upload of a task again; null where its bytes are not there any more. */
export type Again = (() => UploadTask) | null;

/** The uploads of one uploader, in the order in which they were added. */
export interface TaskList {
  /** Frozen; another array once a task was added, has settled or was dismissed. */
  readonly tasks: readonly UploadTask[];
  /** Many changes in a row are told together. */
  subscribe(listener: () => void): () => void;
  /** @param place a task whose place the new one takes */
  add(task: UploadTask, again: Again, place?: UploadTask): void;
  /** @throws UploadError where it still runs */
  dismiss(task: UploadTask<unknown>): void;
  /** @throws UploadError where it has neither failed nor been cancelled, or its bytes are not there any more */
  retry(task: UploadTask<unknown>): UploadTask;
}

export function createTaskList(clock: Clock): TaskList {
  let listed = new Map<UploadTask<unknown>, Again>();
  /** In the order in which they have settled. */
  const settled = new Set<UploadTask<unknown>>();
  const notifier = createNotifier(clock);
  let tasks: readonly UploadTask[] | null = null;
  let quietUntil = 0;

  /** At once, and afterwards like moving bytes: a thousand small files do not draw a list a thousand times. */
  function changed() {
    tasks = null;
    const now = clock.monotonic();
    const urgent = now >= quietUntil;
    // Before: a listener may dismiss a thousand, and is not called from within itself for each.
    quietUntil = now + CLIENT_DEFAULTS.progressIntervalMs;
    notifier.changed(urgent);
  }

  function forget(task: UploadTask<unknown>) {
    settled.delete(task);
    if (listed.delete(task)) changed();
  }

  function settle(task: UploadTask) {
    if (!listed.has(task)) return;
    settled.add(task);
    changed();
    const [oldest] = settled;
    if (oldest && settled.size > CLIENT_DEFAULTS.settledTasksKept) forget(oldest);
  }

  return {
    get tasks() {
      tasks ??= Object.freeze([...listed.keys()] as UploadTask[]);
      return tasks;
    },
    subscribe: notifier.subscribe,
    add(task, again, place) {
      if (place) {
        settled.delete(place);
        listed = new Map([...listed].map((entry) => (entry[0] === place ? [task, again] : entry)));
      } else listed.set(task, again);
      changed();
      task.result.then(
        () => {
          // What it would begin with may be gigabytes in memory.
          if (listed.has(task)) listed.set(task, null);
          settle(task);
        },
        () => settle(task),
      );
    },
    dismiss(task) {
      if (task.state.path === null && task.state.error === null)
        throw new UploadError('INPUT_INVALID', { message: 'The upload still runs. Cancel it first.' });
      forget(task);
    },
    retry(task) {
      const again = listed.get(task);
      const ended = again !== undefined && task.state.error !== null;
      if (!ended || !again)
        throw new UploadError('INPUT_INVALID', {
          message: ended
            ? 'The source of this upload is closed. Add the file again.'
            : 'Only a listed upload that has failed or was cancelled can be tried again.',
        });
      return again();
    },
  };
}
