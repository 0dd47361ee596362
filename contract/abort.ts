/**
 * A promise that rejects with the signal's reason as soon as it aborts. Leaves no listener behind.
 * @param begin starts what is waited for, unless the signal has aborted already. What it answers is called once the
 *   waiting has ended, however it did. It must not resolve before it has returned
 */
export function orAborted<T>(
  signal: AbortSignal | undefined,
  begin: (resolve: (value: T) => void, reject: (reason: unknown) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const ending =
      <Value>(settle: (value: Value) => void) =>
      (value: Value) => {
        settle(value);
        signal?.removeEventListener('abort', onAbort);
        stop();
      };
    const fail = ending(reject);
    const onAbort = () => fail(signal?.reason);
    const stop = begin(ending(resolve), fail);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
