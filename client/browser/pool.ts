import * as CLIENT_DEFAULTS from '../../contract/client-defaults.js';
import type { Clock } from '../../contract/for-clients.js';
import { type Asked, type HashAnswer, type HashTask, isAnswerTo, READY } from './messages.js';

/** A Web Worker, as far as it is used. Its handlers are set by the hasher. */
export interface HashWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): void;
  onmessage: unknown;
  onerror: unknown;
  onmessageerror: unknown;
}

/** Workers that hash, each one piece at a time. They start when needed, and end when there is nothing to do. */
export interface HashPool {
  /** @returns undefined where no worker could do it: hash elsewhere. Never rejects, and never waits without end. */
  run(task: HashTask, transfer: ArrayBuffer[]): Promise<HashAnswer | undefined>;
  close(): void;
}

interface Job {
  readonly task: HashTask;
  readonly transfer: ArrayBuffer[];
  settle(answer: HashAnswer | undefined): void;
}

interface Thread {
  /** Takes a job, if it is free and there is one. */
  next(): void;
  fail(): void;
}

/** After the first worker that fails no other is started: what ails one (a policy, a lost file) ails all. */
export function createHashPool(make: () => HashWorker, threads: number, clock: Clock): HashPool {
  const live = new Set<Thread>();
  const waiting: Job[] = [];
  let broken = false;

  function giveUp(): void {
    broken = true;
    if (live.size === 0) for (const job of waiting.splice(0)) job.settle(undefined);
  }

  function start(worker: HashWorker): void {
    let ready = false;
    let job: Job | undefined;
    let number = 0;
    let cancel = () => {};
    const within = (ms: number, run: () => void, again = true) => {
      cancel();
      const from = clock.monotonic();
      // A timer far too late tells that the machine slept, and the worker with it. Where all are late, it did not.
      cancel = clock.after(ms, () =>
        again && clock.monotonic() - from > 2 * ms ? within(ms, run, false) : run(),
      );
    };
    const end = () => {
      cancel();
      live.delete(thread);
      worker.terminate();
    };
    const thread: Thread = {
      next() {
        if (!ready || job) return;
        job = waiting.shift();
        if (!job) return within(CLIENT_DEFAULTS.hashThreadIdleMs, end);
        within(CLIENT_DEFAULTS.hashPieceMs, thread.fail);
        try {
          worker.postMessage([++number, job.task] satisfies Asked, job.transfer);
        } catch {
          thread.fail();
        }
      },
      fail() {
        end();
        job?.settle(undefined);
        giveUp();
      },
    };
    worker.onmessage = ({ data }: { data: unknown }) => {
      if (!ready && data === READY) ready = true;
      else if (job && isAnswerTo(number, data)) {
        job.settle(data[1]);
        job = undefined;
      } else return thread.fail();
      thread.next();
    };
    worker.onmessageerror = thread.fail;
    worker.onerror = (event?: { preventDefault?(): void }) => {
      // It is dealt with: not the app's to report.
      event?.preventDefault?.();
      thread.fail();
    };
    live.add(thread);
    within(CLIENT_DEFAULTS.hashWorkerReadyMs, thread.fail);
  }

  return {
    run: (task, transfer) =>
      new Promise((settle) => {
        waiting.push({ task, transfer, settle });
        for (const thread of live) thread.next();
        if (waiting.length > 0 && live.size < threads && !broken)
          try {
            start(make());
          } catch {
            broken = true;
          }
        if (broken) giveUp();
      }),
    close() {
      broken = true;
      for (const thread of live) thread.fail();
    },
  };
}
