// The verified floor: a bare node:http server that hands each body's own buffers to one worker, which hashes them and
// writes them at their offset. No sessions, no tRPC, no limits: what hashing and writing cost at the least.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const file = path.join(process.argv[2], 'floor.bin');
fs.mkdirSync(process.argv[2], { recursive: true });
fs.closeSync(fs.openSync(file, 'w'));

const worker = new Worker(new URL('./floor-worker.js', import.meta.url), { workerData: file });
const waiting = new Map();
let next = 0;
worker.on('message', ({ id, ok }) => {
  waiting.get(id)(ok);
  waiting.delete(id);
});

const server = http.createServer((request, response) => {
  const { offset, hash } = JSON.parse(decodeURIComponent(String(request.headers['x-chunk'])));
  const buffers = [];
  request.on('data', (piece) => {
    const owns = piece.byteLength === piece.buffer.byteLength;
    buffers.push(owns ? piece : new Uint8Array(piece));
  });
  request.on('end', () => {
    const id = next++;
    waiting.set(id, (ok) => response.writeHead(ok ? 200 : 409).end());
    worker.postMessage(
      { id, buffers, offset, hash },
      buffers.map((buffer) => buffer.buffer),
    );
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
