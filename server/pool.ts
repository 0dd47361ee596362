import os from 'node:os';
import { type Clock, systemClock, UploadError, WORKER_DEFAULTS } from '../contract/index.js';
import { type TaskAnswer, TaskError, type TaskRunner } from '../workers/tasks.js';
import { createThreads, type ThreadsOptions } from './threads.js';
import { createTurns } from './turns.js';
import { checkWorker } from './worker-check.js';

export interface WorkerPoolOptions extends Pick<ThreadsOptions, 'resourceLimits'> {
  /** The file that a thread starts from; it exports one function per task (`chunkwise/worker`). */
  worker: URL;
  /** @default as many as the machine runs at once, at least 2 and at most 8 */
  threads?: number;
  /** Tasks that may wait for a thread; one more is SERVER_BUSY. @default 10,000 */
  queueLimit?: number;
  clock?: Clock;
}

export interface WorkerPool extends TaskRunner {
  /**
   * Starts the threads, and proves that they answer and are of this version.
   * @throws UploadError INTERNAL in one sentence that says what to do; no thread is left then
   */
  check(): Promise<void>;
}

/**
 * A pool of threads that start at the first task and do not keep a process alive while idle. Tasks wait here and not
 * in Piscina, whose abort signal would end the thread of a task that has begun.
 */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { worker, resourceLimits, queueLimit = WORKER_DEFAULTS.queueLimit, clock = systemClock } = options;
  const count = options.threads ?? defaultThreads();
  const threads = createThreads({ worker, count, ...(resourceLimits && { resourceLimits }) });
  const turns = createTurns(count, queueLimit);

  return {
    async run(name, args, { transfer = [], signal } = {}) {
      await turns.take(signal);
      try {
        const answer = (await threads.run(name, args, transfer)) as TaskAnswer<typeof name>;
        if ('fault' in answer) throw new TaskError(answer.fault);
        return answer.result;
      } catch (error) {
        throw error instanceof TaskError ? error : new UploadError('INTERNAL', { cause: error });
      } finally {
        turns.giveBack();
      }
    },

    async check() {
      await turns.take();
      try {
        await checkWorker(threads, { worker, clock });
      } finally {
        turns.giveBack();
      }
    },

    /** Tasks that have begun run to their end; those that wait are refused. */
    async [Symbol.asyncDispose]() {
      await turns.close();
      await threads.end();
    },
  };
}

function defaultThreads(): number {
  const { minThreads, maxThreads } = WORKER_DEFAULTS;
  return Math.min(Math.max(os.availableParallelism(), minThreads), maxThreads);
}
