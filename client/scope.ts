/**
 * A node in a tree of cancellations. Aborting it aborts everything below it. The tree exists because each listener
 * on an AbortSignal costs, and Node warns of a leak at the eleventh: a scope's signal has its own few listeners only.
 */
export interface Scope {
  readonly signal: AbortSignal;
  /** Idempotent; the first reason stays. */
  abort(reason: unknown): void;
  /** A scope that aborts with this one. Close it when its work is done. */
  child(): Scope;
  /** Takes the scope out of its parent. Aborts nothing. */
  close(): void;
}

export function createScope(onClose: () => void = () => {}): Scope {
  const controller = new AbortController();
  const children = new Set<Scope>();
  return {
    signal: controller.signal,
    abort(reason) {
      if (controller.signal.aborted) return;
      controller.abort(reason);
      for (const child of children) child.abort(reason);
      children.clear();
    },
    child() {
      const child = createScope(() => children.delete(child));
      if (controller.signal.aborted) child.abort(controller.signal.reason);
      else children.add(child);
      return child;
    },
    close: onClose,
  };
}

/** Runs `work` in a scope of its own. */
export async function within<T>(parent: Scope, work: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = parent.child();
  try {
    return await work(scope);
  } finally {
    scope.close();
  }
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Calls `run` when the signal aborts, with one listener per signal however many uploads share it. */
export interface AbortHub {
  /** @returns what takes `run` off again */
  on(signal: AbortSignal | undefined, run: () => void): () => void;
}

export function createAbortHub(): AbortHub {
  const hubs = new WeakMap<AbortSignal, Set<() => void>>();
  return {
    on(signal, run) {
      if (signal?.aborted) run();
      if (!signal || signal.aborted) return () => {};
      const runs = hubs.get(signal) ?? new Set();
      if (!hubs.has(signal)) {
        hubs.set(signal, runs);
        signal.addEventListener('abort', () => runAll(runs), { once: true });
      }
      runs.add(run);
      return () => runs.delete(run);
    },
  };
}

function runAll(runs: Iterable<() => void>): void {
  for (const run of runs) run();
}
