// Chunkwise's own hasher and sender, without its protocol: hashes the whole file first, then sends four at a time.
import { fileSource, nodeHasher, nodeSender } from '../../dist/client/node/index.js';

const [file, url, chunkSize] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const source = await fileSource(file);
const pieces = [];
for (let offset = 0; offset < source.size; offset += chunkSize)
  pieces.push({ offset, size: Math.min(chunkSize, source.size - offset) });
const { signal } = new AbortController();
const hasher = nodeHasher();
const hashes = await hasher.hashChunks(source, pieces, { signal });
const sender = nodeSender();

let next = 0;
async function send() {
  while (next < pieces.length) {
    const { offset, size } = pieces[next];
    const hash = hashes[next++];
    const body = await source.read(offset, size, signal);
    const headers = { 'x-chunk': encodeURIComponent(JSON.stringify({ offset, hash })) };
    const answer = await sender.send({ url, method: 'POST', headers, body });
    source.recycle(body);
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
  }
}
await Promise.all([send(), send(), send(), send()]);
await source.close?.();
await hasher[Symbol.asyncDispose]?.();
sender.close();
