// The real worker, on a disk that takes its time: every chunk written costs a pause first.
export * from '../../dist/server/worker.js';

import { writeChunk as write } from '../../dist/server/worker.js';

const PAUSE_MS = 40;
const never = new Int32Array(new SharedArrayBuffer(4));

export function writeChunk(args) {
  Atomics.wait(never, 0, 0, PAUSE_MS);
  return write(args);
}
