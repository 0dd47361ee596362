import path from 'node:path';
import { KiB } from '../../contract/index.js';
import { startServer, type TestServerOptions, temporaryFolder } from './server.js';
import { randomFile, wireClient } from './wire.js';

export const CHUNK = 256 * KiB;

type Options = Partial<TestServerOptions>;

/** A promise, and how to keep it. */
export function deferred<Value = void>() {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A server, a file of three chunks, and what a test needs to send it. */
export async function setUp(options: Options = {}, policy: object = {}) {
  const folder = await temporaryFolder();
  const start = (more: Options = {}) =>
    startServer({
      root: folder.path,
      ...options,
      ...more,
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK, ...policy } },
    });
  const server = await start();
  const file = randomFile(3 * CHUNK - 7, CHUNK);
  const client = wireClient(server.url);
  const { uploadId } = (await client.init(file.input())).data;
  const send = (index: number, to = client) => to.chunk(file.fields(uploadId, index), file.piece(index));
  return {
    ...{ folder, server, start, file, client, uploadId, send },
    staged: path.join(folder.path, 'staging', uploadId),
    published: path.join(folder.path, 'files', uploadId, 'file.bin'),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
