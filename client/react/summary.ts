import type { Clock } from '../../contract/for-clients.js';
import { createNotifier } from '../notify.js';
import type { Phase, UploadTask } from '../types.js';
import type { Listed } from './provider.js';
import { isOver, tasksUnder } from './tasks-under.js';

/**
 * Uploads as one: those that run, and those that ran beside them. It begins anew when an upload is added after all
 * others had settled.
 */
export interface UploadsSummary {
  /** Uploads by phase. Failed and cancelled ones count here, and not in bytes, size and fraction. */
  readonly phases: Readonly<Record<Phase, number>>;
  /** How many there are. */
  readonly count: number;
  /** Bytes that the server acknowledged, plus what is on the way. */
  readonly bytes: number;
  /** Bytes in all. */
  readonly size: number;
  /** Within [0, 1]; 1 only when all have settled. Never goes back, also where more files are added. */
  readonly fraction: number;
}

/** `fraction` stays below 1 while something runs. */
const ALMOST = 0.999;
export const EMPTY_SUMMARY: UploadsSummary = summaryOf([], { count: 0, bytes: 0 }, 0);

/** For useSyncExternalStore. Listens to uploads only while somebody listens to it. */
export interface SummaryStore {
  subscribe(listener: () => void): () => void;
  current(): UploadsSummary;
}

/** Completed uploads that are not listed any more. */
interface Gone {
  count: number;
  bytes: number;
}

export function createSummary(uploader: Listed, policy: string | undefined, clock: Clock): SummaryStore {
  const listed = tasksUnder(uploader, policy);
  const notifier = createNotifier(clock);
  const changed = () => notifier.changed(false);
  /** Each with what ends the subscription to it, where there is one. */
  const members = new Map<UploadTask<unknown>, (() => void) | null>();
  const earlier = new WeakSet<UploadTask<unknown>>();
  let gone: Gone = { count: 0, bytes: 0 };
  let summary = EMPTY_SUMMARY;
  let stops: (() => void)[] = [];
  let listeners = 0;

  function take() {
    const tasks = listed();
    const fresh = tasks.filter((task) => !members.has(task) && !earlier.has(task));
    if (fresh.length > 0 && [...members.keys()].every(isOver)) begin();
    for (const task of fresh) members.set(task, null);
    const kept = new Set(tasks);
    for (const [task, stop] of members) {
      if (kept.has(task)) continue;
      stop?.();
      members.delete(task);
      const { phase, size } = task.state;
      if (phase === 'completed') gone = { count: gone.count + 1, bytes: gone.bytes + size };
    }
    const next = summaryOf([...members.keys()], gone, summary.fraction);
    if (!isSame(next, summary)) summary = next;
  }

  /** Another round: what has settled so far belongs to an earlier one. */
  function begin() {
    unfollow();
    for (const task of members.keys()) earlier.add(task);
    members.clear();
    gone = { count: 0, bytes: 0 };
    summary = EMPTY_SUMMARY;
  }

  function follow() {
    for (const [task, stop] of members) {
      if (!isOver(task)) members.set(task, stop ?? task.subscribe(changed));
      else if (stop) {
        stop();
        members.set(task, null);
      }
    }
  }

  function unfollow() {
    for (const [task, stop] of members) {
      stop?.();
      members.set(task, null);
    }
  }

  function update() {
    take();
    follow();
  }

  // Whoever comes in the middle sees what runs; what had settled before the first of those is past.
  const tasks = listed();
  const first = tasks.findIndex((task) => !isOver(task));
  for (const task of tasks.slice(0, Math.max(0, first))) earlier.add(task);
  take();

  return {
    current: () => summary,
    subscribe(listener) {
      if (listeners++ === 0) {
        stops = [notifier.subscribe(update), uploader.subscribe(changed)];
        update();
      }
      const stop = notifier.subscribe(listener);
      return () => {
        stop();
        if (--listeners > 0) return;
        for (const end of stops) end();
        unfollow();
        notifier.close();
      };
    },
  };
}

function summaryOf(tasks: readonly UploadTask<unknown>[], gone: Gone, shown: number): UploadsSummary {
  const phases: Record<Phase, number> = {
    ...{ waiting: 0, hashing: 0, uploading: 0, assembling: 0, paused: 0 },
    ...{ completed: gone.count, failed: 0, cancelled: 0 },
  };
  let [bytes, size] = [gone.bytes, gone.bytes];
  for (const { state } of tasks) {
    phases[state.phase]++;
    if (state.error !== null) continue;
    bytes += state.bytes;
    size += state.size;
  }
  const count = tasks.length + gone.count;
  const share = size > 0 ? bytes / size : phases.completed > 0 ? 1 : 0;
  const fraction = tasks.every(isOver) ? share : Math.min(ALMOST, share);
  return Object.freeze({
    ...{ phases: Object.freeze(phases), count, bytes, size },
    fraction: Math.max(shown, fraction),
  });
}

function isSame(one: UploadsSummary, other: UploadsSummary): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
