import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { KiB } from '../../contract/index.js';
import type { ServeOptions } from '../../server/files.js';
import { startServer, type TestServer, temporaryFolder } from './server.js';
import { fileHash, sha256, wireClient } from './wire.js';

const CHUNK = 256 * KiB;

/** Uploads bytes by hand, as one owner. */
export async function uploaded(
  server: TestServer,
  bytes: Uint8Array,
  { name = 'film.bin', type, owner = 'ann' }: { name?: string; type?: string; owner?: string } = {},
): Promise<string> {
  const client = wireClient(server.url, owner);
  const size = bytes.byteLength;
  const input = {
    name,
    size,
    chunkSize: CHUNK,
    hash: fileHash(bytes, size > CHUNK ? CHUNK : Math.max(size, 1)),
  };
  const view = (await client.init({ ...input, ...(type === undefined ? {} : { type }) })).data;
  const { uploadId, total, chunkSize } = view;
  for (let index = 0; index < total; index++) {
    const offset = index * chunkSize;
    const piece = bytes.subarray(offset, Math.min(size, offset + chunkSize));
    const fields = { uploadId, index, offset, size: piece.byteLength, total, hash: sha256(piece) };
    const answer = await client.chunk(fields, piece);
    if (answer.status !== 200) throw new Error(answer.text);
  }
  return uploadId;
}

/** How an app answers with a file: on Node's response, or with a web response that an adapter sends. */
export const WAYS = {
  "Node's response": (server: TestServer, options: () => ServeOptions) =>
    ((req, res) => void server.uploads.files.serve(req, res, options())) as http.RequestListener,
  'a web Response': (server: TestServer, options: () => ServeOptions) =>
    getRequestListener((request) => server.uploads.files.serve(request, options())),
  'a web Response for a request of Node': (server: TestServer, options: () => ServeOptions) =>
    getRequestListener((_, { incoming }) =>
      server.uploads.files.serve(incoming as http.IncomingMessage, options()),
    ),
};

/** A server of uploads, and beside it an app that serves what `options` says. */
export async function startApp(way: keyof typeof WAYS = "Node's response") {
  const folder = await temporaryFolder();
  const server = await startServer({
    root: folder.path,
    policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
  });
  const asked: { options: ServeOptions } = { options: { id: '', owner: null } };
  const app = http.createServer(WAYS[way](server, () => asked.options));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  return {
    ...{ server, folder, asked, files: server.uploads.files },
    url: `http://127.0.0.1:${(app.address() as AddressInfo).port}`,
    upload: (bytes: Uint8Array, as?: Parameters<typeof uploaded>[2]) => uploaded(server, bytes, as),
    async [Symbol.asyncDispose]() {
      app.closeAllConnections();
      await new Promise((resolve) => app.close(resolve));
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Open descriptors of this process below a folder: how far each was read, in bytes. */
export function openBelow(folder: string): number[] {
  const positions: number[] = [];
  for (const fd of readdirSync('/proc/self/fd'))
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${folder}/files/`)) continue;
      positions.push(Number(/^pos:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]));
    } catch {
      // It was closed while it was looked at.
    }
  return positions;
}

/** Lets other work go on until the condition holds; a test that never comes there ends by its time limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
