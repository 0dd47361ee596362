import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import {
  checkedFetch,
  createUploader,
  type Sender,
  type UploaderOptions,
  uploadLink,
} from '../../../client/index.js';
import { nodeSender } from '../../../client/node/index.js';
import { systemClock } from '../../../contract/index.js';
import type { Script } from './script.js';
import { type PlainRouter, startServer } from './server.js';

interface Connecting {
  headers?: () => Record<string, string>;
  /** Instead of the Node sender. */
  send?: Sender;
}

/** A server, a typed client with the Node sender, and an uploader that does not wait between retries. */
export async function setup(script: Script = {}, options: UploaderOptions = {}, connecting: Connecting = {}) {
  const server = await startServer(script);
  const clock = options.clock ?? systemClock;
  const sender = nodeSender({ clock });
  const { headers = () => ({}), send = sender.send } = connecting;
  const trpc = createTRPCClient<PlainRouter>({
    links: [
      uploadLink({ url: server.url, send, clock, headers }),
      httpBatchLink({ url: server.url, maxItems: 100, headers, fetch: checkedFetch(send, clock) }),
    ],
  });
  const uploader = createUploader(trpc.uploads, { minBackoffMs: 0, maxBackoffMs: 0, ...options });
  return {
    ...{ server, sender, trpc, uploader },
    async [Symbol.asyncDispose]() {
      await uploader.close();
      sender.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

export async function temporaryFolder() {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'chunkwise-client-'));
  return {
    path: folder,
    async file(name: string, bytes: Uint8Array | string): Promise<string> {
      const file = path.join(folder, name);
      await fs.mkdir(path.dirname(file), { recursive: true });
      await fs.writeFile(file, bytes);
      return file;
    },
    [Symbol.asyncDispose]: () => fs.rm(folder, { recursive: true, force: true }),
  };
}

export const bytesOf = (size: number): Buffer => randomBytes(size);

/** A promise and what settles it. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
