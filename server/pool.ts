import os from 'node:os';
import { Piscina } from 'piscina';
import { UploadError, WORKER_DEFAULTS } from '../contract/index.js';
import { type TaskAnswer, TaskError, type TaskRunner } from '../workers/tasks.js';
import { createTurns } from './turns.js';

export interface WorkerPoolOptions {
  /** The file that a thread starts from; it exports one function per task (`chunkwise/worker`). */
  worker: URL;
  /** @default as many as the machine runs at once, at least 2 and at most 8 */
  threads?: number;
  /** Tasks that may wait for a thread; one more is SERVER_BUSY. @default 10,000 */
  queueLimit?: number;
  /** Of each thread, as in `node:worker_threads`. Buffers do not count. */
  resourceLimits?: { maxOldGenerationSizeMb?: number; maxYoungGenerationSizeMb?: number };
}

/** Threads of one start, and what they run at the moment. */
interface Generation {
  readonly piscina: Piscina;
  running: number;
  retired: boolean;
}

/**
 * A pool of threads that start at the first task and do not keep a process alive while idle. Tasks wait here and not
 * in Piscina, whose abort signal would end the thread of a task that has begun. The death of a thread fails its own
 * task; the other threads of its generation finish what they run, and the next task starts a new generation: a thread
 * that Piscina starts as a replacement, and that dies while it starts, would leave tasks waiting for ever.
 */
export function createWorkerPool(options: WorkerPoolOptions): TaskRunner {
  const { worker, resourceLimits, queueLimit = WORKER_DEFAULTS.queueLimit } = options;
  const threads = options.threads ?? defaultThreads();
  const turns = createTurns(threads, queueLimit);
  const endings = new Set<Promise<void>>();
  let current: Generation | undefined;

  const begin = (): Generation => {
    const piscina = new Piscina({
      filename: worker.href,
      // All at once: each task is then handed to a thread directly, and Piscina's own queue stays empty.
      minThreads: threads,
      maxThreads: threads,
      recordTiming: false,
      ...(resourceLimits && { resourceLimits }),
    });
    const generation = { piscina, running: 0, retired: false };
    piscina.on('workerDestroy', () => retire(generation));
    // The death of an idle thread; `workerDestroy` came before. Without a listener it would end the process.
    piscina.on('error', () => retire(generation));
    return generation;
  };

  const retire = (generation: Generation): void => {
    if (generation.retired) return;
    generation.retired = true;
    if (current === generation) current = undefined;
    // Read by Piscina when it is about to replace the thread that died.
    generation.piscina.options.minThreads = 0;
    endWhenIdle(generation);
  };

  const endWhenIdle = ({ piscina, running, retired }: Generation): void => {
    if (!retired || running > 0) return;
    const ending = piscina.destroy().finally(() => endings.delete(ending));
    endings.add(ending);
  };

  return {
    async run(name, args, { transfer = [], signal } = {}) {
      await turns.take(signal);
      try {
        current ??= begin();
        const generation = current;
        generation.running++;
        try {
          const answer: TaskAnswer<typeof name> = await generation.piscina.run(args, {
            name,
            transferList: transfer,
          });
          if ('fault' in answer) throw new TaskError(answer.fault);
          return answer.result;
        } finally {
          generation.running--;
          endWhenIdle(generation);
        }
      } catch (error) {
        throw error instanceof TaskError ? error : new UploadError('INTERNAL', { cause: error });
      } finally {
        turns.giveBack();
      }
    },

    /** Tasks that have begun run to their end; those that wait are refused. */
    async [Symbol.asyncDispose]() {
      await turns.close();
      if (current) retire(current);
      await Promise.all(endings);
    },
  };
}

function defaultThreads(): number {
  const { minThreads, maxThreads } = WORKER_DEFAULTS;
  return Math.min(Math.max(os.availableParallelism(), minThreads), maxThreads);
}
