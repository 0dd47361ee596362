import fs from 'node:fs/promises';
import path from 'node:path';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import {
  checkedFetch,
  createUploader,
  nodeSender,
  type Sender,
  uploadLink,
} from '../../../client/node/index.js';
import { clientClock } from '../../../contract/index.js';
import type { AppRouter } from '../../../examples/standalone/server.js';
import { temporaryFolder } from '../../support/server.js';
import { type App, startApp } from './app.js';
import { http2Sender } from './http2-sender.js';
import { openHttp1, openHttp2, type RawChunk } from './raw-chunk.js';

export interface Example {
  /** The server's file. */
  readonly file: string;
  readonly env?: Record<string, string>;
  /** What a request of Ann carries. */
  readonly signedIn: Record<string, string>;
  readonly protocol?: 'http2';
}

/** A running example, and clients for it. */
export interface Setting extends AsyncDisposable {
  readonly app: App;
  readonly example: Example;
  readonly folder: string;
  /** The typed client, with the headers given. */
  client(headers?: Record<string, string>): ReturnType<typeof connect>;
  /** A chunk request with its header sent, and nothing of its body. */
  raw(fields: object, size: number, headers?: Record<string, string>): Promise<RawChunk>;
  stored(answered: string): Promise<Buffer>;
}

/** The real client of the package, on any of the examples: their routers have the same type. */
function connect(url: string, headers: Record<string, string>, { send }: { send: Sender }) {
  const calls: string[] = [];
  const batched = checkedFetch(send, clientClock);
  const trpc = createTRPCClient<AppRouter>({
    links: [
      uploadLink<AppRouter>({ url, headers, send }),
      httpBatchLink({
        url,
        headers,
        maxItems: 100,
        fetch: (address, init) => {
          calls.push(new URL(String(address)).pathname.split('/').at(-1) ?? '');
          return batched(address, init) as unknown as Promise<Response>;
        },
      }),
    ],
  });
  return { trpc, uploader: createUploader(trpc.uploads), calls };
}

export async function startExample(example: Example): Promise<Setting> {
  const folder = await temporaryFolder();
  const root = path.join(folder.path, 'root');
  const app = await startApp(example.file, { ...example.env, ROOT: root });
  const sender = example.protocol === 'http2' ? http2Sender(new URL(app.url).origin) : nodeSender();
  const open = example.protocol === 'http2' ? openHttp2 : openHttp1;
  return {
    app,
    example,
    folder: folder.path,
    client: (headers = example.signedIn) => connect(app.url, headers, sender),
    raw: (fields, size, headers = example.signedIn) =>
      open(`${app.url}/uploads.chunk`, {
        ...headers,
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(fields)),
      }),
    stored: (answered) => fs.readFile(path.join(root, answered)),
    async [Symbol.asyncDispose]() {
      if ('close' in sender) sender.close();
      else sender[Symbol.dispose]();
      await app[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
