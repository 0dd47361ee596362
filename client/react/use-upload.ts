import { useMemo, useSyncExternalStore } from 'react';
import type { TaskState, UploadTask } from '../types.js';
import { useListed } from './provider.js';

const NO_SUBSCRIPTION = () => () => {};
const NO_TASK = () => null;
const ALL = (state: TaskState) => state;

/** The upload with that local id (`task.id`) below `UploaderProvider`; null where none is listed. */
export function useUploadTask(id: string | null): UploadTask<unknown> | null {
  const uploader = useListed(id !== null);
  const find = () => uploader?.tasks.find((task) => task.id === id) ?? null;
  return useSyncExternalStore(uploader?.subscribe ?? NO_SUBSCRIPTION, find, NO_TASK);
}

/**
 * The state of one upload, by its task, or by its local id below `UploaderProvider`; null where there is none.
 * @param select what of it matters: the component is rendered again when this changes, and not before
 */
export function useUpload(task: UploadTask<unknown>): TaskState;
export function useUpload<Selected>(
  task: UploadTask<unknown>,
  select: (state: TaskState) => Selected,
): Selected;
export function useUpload(task: UploadTask<unknown> | string | null): TaskState | null;
export function useUpload<Selected>(
  task: UploadTask<unknown> | string | null,
  select: (state: TaskState) => Selected,
): Selected | null;
export function useUpload(
  taskOrId: UploadTask<unknown> | string | null,
  select: (state: TaskState) => unknown = ALL,
): unknown {
  const isId = typeof taskOrId === 'string';
  const found = useUploadTask(isId ? taskOrId : null);
  const task = isId ? found : taskOrId;
  const current = useMemo(() => selected(task, select), [task, select]);
  return useSyncExternalStore(task?.subscribe ?? NO_SUBSCRIPTION, current, current);
}

/** What is selected of the state, once for each state: a selection may be a new object each time. */
function selected(task: UploadTask<unknown> | null, select: (state: TaskState) => unknown): () => unknown {
  let last: { state: TaskState; value: unknown } | null = null;
  return () => {
    if (task === null) return null;
    const { state } = task;
    if (last?.state !== state) last = { state, value: select(state) };
    return last.value;
  };
}
