import type { Phase, UploadTask } from '../../client/index.js';
import type { UploadError } from '../../contract/index.js';
import { type Cell, createCell } from './cell.js';

/** What an upload does that this page itself runs; `waitsFor`: why nothing of it moves, while it is tried again. */
export interface Doing {
  readonly phase: Phase;
  readonly waitsFor: UploadError | null;
}

/** By the server's id. */
export type Here = ReadonlyMap<string, Doing>;

/** The part of an uploader that is looked at. */
export interface TaskSource {
  readonly tasks: readonly UploadTask<unknown>[];
  subscribe(listener: () => void): () => void;
}

const isEqual = (a: Doing, b: Doing | undefined) => a.phase === b?.phase && a.waitsFor === b.waitsFor;

const OVER: readonly Phase[] = ['completed', 'failed', 'cancelled'];

export function createHere(uploader: TaskSource): Cell<Here> {
  const here = createCell<Here>(new Map());
  const stops = new Map<UploadTask<unknown>, () => void>();

  function look() {
    const next = new Map<string, Doing>();
    for (const { state } of uploader.tasks) {
      const { uploadId, phase, retrying, speed } = state;
      if (uploadId === null || OVER.includes(phase)) continue;
      next.set(uploadId, { phase, waitsFor: speed === null ? retrying : null });
    }
    const isSame =
      next.size === here.value.size && [...next].every(([id, doing]) => isEqual(doing, here.value.get(id)));
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
