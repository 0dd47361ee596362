import type { UploadTask } from '../types.js';
import type { Listed } from './provider.js';

/** Completed, failed or cancelled. */
export function isOver({ state: { path, error } }: UploadTask<unknown>): boolean {
  return path !== null || error !== null;
}

/**
 * The uploads of one policy, or all of them. The array stays the same until one of them was added, has settled or was
 * dismissed.
 */
export function tasksUnder(
  uploader: Listed,
  policy: string | undefined,
): () => readonly UploadTask<unknown>[] {
  if (policy === undefined) return () => uploader.tasks;
  let all: readonly UploadTask<unknown>[] | null = null;
  let tasks: readonly UploadTask<unknown>[] = [];
  let over: readonly boolean[] = [];
  return () => {
    if (all === uploader.tasks) return tasks;
    all = uploader.tasks;
    const now = all.filter((task) => task.policy === policy);
    const nowOver = now.map(isOver);
    const same =
      now.length === tasks.length && now.every((task, i) => task === tasks[i] && nowOver[i] === over[i]);
    if (!same) [tasks, over] = [Object.freeze(now), nowOver];
    return tasks;
  };
}
