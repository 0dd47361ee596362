import v8 from 'node:v8';
import vm from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

/**
 * Gets back the memory of buffers that were transferred to this thread, once they are used. V8 leaves it to its own
 * collections, which a thread that makes next to no objects puts off until some 64 MiB lie there, in each thread. A
 * minor collection takes far less than a millisecond here, and saves more than it costs: memory that is free soon is
 * used again while it is in the processor's cache.
 *
 * @param afterBytes collects each time so many bytes were used
 * @returns to be told the bytes of each task whose buffers are no longer used
 */
export function createReclaim(
  afterBytes: number,
  collect: () => Collect | undefined = exposedCollect,
): (usedBytes: number) => void {
  let run: Collect | undefined;
  let known = false;
  let used = 0;
  return (usedBytes) => {
    used += usedBytes;
    if (used < afterBytes) return;
    used = 0;
    if (!known) run = collect();
    known = true;
    run?.({ type: 'minor' });
  };
}

/** Undefined where the engine has none: memory is then freed later. The flag changes nothing for other code. */
function exposedCollect(): Collect | undefined {
  try {
    // Only contexts made after it have the function.
    v8.setFlagsFromString('--expose-gc');
    const collect: unknown = vm.runInNewContext('gc');
    return typeof collect === 'function' ? (collect as Collect) : undefined;
  } catch {
    return undefined;
  }
}
