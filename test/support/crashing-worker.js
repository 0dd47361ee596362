// A worker file whose tasks go wrong in every way. Test only; the names are those of real tasks, so that a pool
// takes them.
import { existsSync } from 'node:fs';

export const ping = () => ({ result: 'pong' });

/** Does what the path says. */
export function syncFile({ path }) {
  if (path === 'throw') throw new RangeError('thrown in the worker');
  if (path === 'exit') process.exit(3);
  if (path === 'fault')
    return { fault: { code: 'ENOSPC', message: 'ENOSPC: no space left on device, write' } };
  if (path === 'uncaught') {
    queueMicrotask(() => {
      throw new Error('thrown outside of the task');
    });
    return new Promise(() => undefined);
  }
  if (path === 'heap') {
    const held = [];
    for (;;) held.push(new Array(10_000).fill(held.length));
  }
  return { result: null };
}

/** Blocks its thread until a file is there. */
export function syncFolder({ path }) {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(path)) Atomics.wait(pause, 0, 0, 2);
  return { result: null };
}
