import { orAbort } from './scope.js';

/**
 * Takes one after the other until they end or the signal aborts, and closes the iterator where it has not ended.
 * @throws what the iterator or `take` throws
 */
export async function readUntil<T>(
  signal: AbortSignal,
  from: Iterable<T> | AsyncIterable<T>,
  take: (value: T) => void,
): Promise<void> {
  const iterator = Symbol.asyncIterator in from ? from[Symbol.asyncIterator]() : from[Symbol.iterator]();
  let asked = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      asked = true;
      const next = await orAbort(Promise.resolve(iterator.next()), signal);
      asked = false;
      if (next.done) return;
      take(next.value);
    }
  } catch (error) {
    const closing = (async () => iterator.return?.())();
    // A generator closes only after it has answered what it was asked, and that may take for ever.
    if (asked) closing.catch(() => {});
    else await closing;
    if (!signal.aborted) throw error;
  }
}
