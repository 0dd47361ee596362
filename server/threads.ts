import type { Piscina } from 'piscina';
import { loadPiscina } from './piscina.js';

export interface ThreadsOptions {
  /** The file that a thread starts from; it exports one function per task. */
  readonly worker: URL;
  readonly count: number;
  /** As in `node:worker_threads`. */
  readonly workerData?: unknown;
  readonly resourceLimits?: { maxOldGenerationSizeMb?: number; maxYoungGenerationSizeMb?: number };
}

/**
 * Threads that start at the first call and do not keep a process alive while idle. The death of a thread fails its own
 * call; the others of its generation finish what they run, and the next call starts a new generation: a thread that
 * Piscina starts as a replacement, and that dies while it starts, would leave calls waiting for ever.
 */
export interface Threads {
  /** Whether threads of the newest start are there. */
  readonly running: boolean;
  /**
   * Runs an export of the worker file. At most `count` calls at one time, so that Piscina's own queue stays empty.
   * Rejects where it throws, or its thread dies.
   */
  run(name: string, message: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
  /** Ends all threads now: what they run fails. The next call starts new ones. */
  abandon(): Promise<void>;
  /** Ends all threads once what they run has ended. */
  end(): Promise<void>;
}

/** Threads of one start. */
interface Generation {
  readonly piscina: Piscina;
  /** Resolves when none of them is left, however they end. */
  readonly gone: Promise<unknown>;
  /** Calls that they run at the moment. */
  running: number;
  retired: boolean;
  /** They were told to end. */
  ending: boolean;
}

export function createThreads({ worker, count, workerData, resourceLimits }: ThreadsOptions): Threads {
  /** All that have a thread left. */
  const generations = new Set<Generation>();
  let current: Generation | undefined;
  let Loaded: typeof Piscina | undefined;
  /** Calls that wait for Piscina itself to be loaded. */
  const arriving = new Set<Promise<unknown>>();
  /** How often `abandon` was called. */
  let abandoned = 0;

  function begin(Loaded: typeof Piscina): Generation {
    const piscina = new Loaded({
      filename: worker.href,
      // All at once: each call is then handed to a thread directly.
      minThreads: count,
      maxThreads: count,
      recordTiming: false,
      ...(workerData !== undefined && { workerData }),
      ...(resourceLimits && { resourceLimits }),
    });
    const gone = Promise.all(
      piscina.threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve))),
    );
    const generation: Generation = { piscina, gone, running: 0, retired: false, ending: false };
    generations.add(generation);
    void gone.then(() => generations.delete(generation));
    const died = () => {
      retire(generation);
      endWhenIdle(generation);
    };
    piscina.on('workerDestroy', died);
    // The death of an idle thread; `workerDestroy` came before. Without a listener it would end the process.
    piscina.on('error', died);
    current = generation;
    return generation;
  }

  function retire(generation: Generation): void {
    if (current === generation) current = undefined;
    generation.retired = true;
    // Read by Piscina when it is about to replace the thread that died.
    generation.piscina.options.minThreads = 0;
  }

  function endWhenIdle(generation: Generation): void {
    if (generation.retired && generation.running === 0) endNow(generation);
  }

  function endNow(generation: Generation): void {
    if (generation.ending) return;
    generation.ending = true;
    // It waits for ever for a thread whose end it has seen: `gone` tells.
    void generation.piscina.destroy();
  }

  const allGone = () => Promise.all([...generations].map(({ gone }) => gone));

  return {
    get running() {
      return current !== undefined;
    },
    async run(name, message, transfer = []) {
      const before = abandoned;
      if (Loaded === undefined) {
        const loading = loadPiscina();
        arriving.add(loading);
        try {
          Loaded = await loading;
        } finally {
          arriving.delete(loading);
        }
        // Threads that began now, nobody would end.
        if (before !== abandoned) throw new Error('the threads were ended before they began');
      }
      // Another call may have begun meanwhile.
      const generation = current ?? begin(Loaded);
      generation.running++;
      try {
        return await generation.piscina.run(message, { name, transferList: [...transfer] });
      } finally {
        generation.running--;
        endWhenIdle(generation);
      }
    },
    async abandon() {
      abandoned++;
      for (const generation of generations) {
        retire(generation);
        endNow(generation);
      }
      await allGone();
    },
    async end() {
      // They begin in the very turn in which they have arrived.
      await Promise.allSettled(arriving);
      for (const generation of generations) {
        retire(generation);
        endWhenIdle(generation);
      }
      await allGone();
    },
  };
}
