import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const IOV_MAX = 1024;
const fd = fs.openSync(workerData, 'r+');

parentPort.on('message', ({ id, buffers, offset, hash }) => {
  const sum = createHash('sha256');
  for (const buffer of buffers) sum.update(buffer);
  const ok = sum.digest('hex') === hash;
  let position = offset;
  for (let from = 0; ok && from < buffers.length; from += IOV_MAX) {
    const some = buffers.slice(from, from + IOV_MAX);
    const size = some.reduce((total, buffer) => total + buffer.byteLength, 0);
    if (fs.writevSync(fd, some, position) !== size) throw new Error('short write');
    position += size;
  }
  parentPort.postMessage({ id, ok });
});
