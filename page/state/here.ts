import type { Phase, UploadTask } from '../../client/index.js';
import { type Cell, createCell } from './cell.js';

/** Of each upload that this page itself runs, by the server's id, what it is doing. */
export type Here = ReadonlyMap<string, Phase>;

/** The part of an uploader that is looked at. */
export interface TaskSource {
  readonly tasks: readonly UploadTask<unknown>[];
  subscribe(listener: () => void): () => void;
}

const OVER: readonly Phase[] = ['completed', 'failed', 'cancelled'];

export function createHere(uploader: TaskSource): Cell<Here> {
  const here = createCell<Here>(new Map());
  const stops = new Map<UploadTask<unknown>, () => void>();

  function look() {
    const next = new Map<string, Phase>();
    for (const { state } of uploader.tasks)
      if (state.uploadId !== null && !OVER.includes(state.phase)) next.set(state.uploadId, state.phase);
    const isSame =
      next.size === here.value.size && [...next].every(([id, phase]) => here.value.get(id) === phase);
    if (!isSame) here.set(next);
  }

  function follow() {
    const tasks = new Set(uploader.tasks);
    for (const [task, stop] of stops)
      if (!tasks.has(task)) {
        stop();
        stops.delete(task);
      }
    for (const task of tasks) if (!stops.has(task)) stops.set(task, task.subscribe(look));
    look();
  }

  uploader.subscribe(follow);
  follow();
  return here;
}
