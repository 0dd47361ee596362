import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { Uppy, type UppyFile } from '@uppy/core';
import { afterAll } from 'vitest';
import { createUploader, type UploadsClient, uploadLink } from '../../../client/index.js';
import { Chunkwise, type ChunkwiseBody, type ChunkwiseOptions } from '../../../client/uppy/index.js';
import { CHUNK_HEADER, KiB, type UploadView } from '../../../contract/index.js';
import type { Policies } from '../../../server/policy.js';
import { OWNER_HEADER, startServer, type TestRouter, temporaryFolder } from '../../support/server.js';

type OnChunk = (
  index: number,
  signal?: AbortSignal | null,
) => Promise<Response | undefined> | Response | undefined;

export type TestUppy = Uppy<Record<string, unknown>, ChunkwiseBody>;
export type TestFile = UppyFile<Record<string, unknown>, ChunkwiseBody>;
type Server = Omit<Parameters<typeof startServer>[0], 'root' | 'policies'> & { policies?: Policies };
/** All but where the plugin finds its uploads. */
export type PluginOptions = Partial<ChunkwiseOptions>;

/** Small chunks, so that small files have many. */
export const CHUNKED = { threshold: 256 * KiB, chunkSize: 256 * KiB };

async function startOwn(server: Server = {}) {
  const folder = await temporaryFolder();
  const policies = { default: CHUNKED, ...server.policies };
  const started = await startServer({ ...server, policies, root: path.join(folder.path, 'root') });
  return {
    started,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** One server for all who want nothing special: each is an owner of its own there. */
let common: ReturnType<typeof startOwn> | undefined;
let owners = 0;
afterAll(async () => (await common)?.[Symbol.asyncDispose]());

function startCommon(): ReturnType<typeof startOwn> {
  common ??= startOwn();
  return common;
}

/** A real server, and what makes Uppys that send to it. */
export async function setup(server?: Server) {
  const held = await (server ? startOwn(server) : startCommon());
  const { started } = held;
  const uppys = new Set<TestUppy>();
  /** What happens to the request of that chunk, instead of nothing. */
  let onChunk: OnChunk = () => undefined;
  const headers = { owner: `ann ${owners++}` };
  const options = { url: started.url, headers: () => ({ [OWNER_HEADER]: headers.owner }) };
  const send: typeof fetch = async (input, init) => {
    const chunk = new Headers(init?.headers).get(CHUNK_HEADER);
    const answer = await onChunk(JSON.parse(decodeURIComponent(chunk ?? '%7B%7D')).index, init?.signal);
    return answer ?? fetch(input, init);
  };
  const trpc = createTRPCClient<TestRouter>({
    links: [uploadLink({ ...options, fetch: send }), httpBatchLink(options)],
  });
  const client: UploadsClient = trpc.uploads;
  return {
    ...{ server: started, client },
    /** Who sends from now on; nobody is signed in as 'nobody'. */
    signIn(owner: string) {
      headers.owner = owner;
    },
    onChunk(next: OnChunk) {
      onChunk = next;
    },
    /** Chunks from that index on wait, until they are cancelled or let through. @returns what lets them through */
    hold(from: number): () => void {
      const { opened, open } = gate();
      onChunk = (index, signal) => (index >= from ? orAborted(opened, signal) : undefined);
      return open;
    },
    uppy(options: PluginOptions = {}, own: ConstructorParameters<typeof Uppy>[0] = {}): TestUppy {
      const logger = { debug() {}, warn() {}, error() {} };
      const uppy: TestUppy = new Uppy({ logger, ...(own as object) });
      uppys.add(uppy);
      return uppy.use(Chunkwise, {
        client,
        minBackoffMs: 0,
        maxBackoffMs: 0,
        ...options,
      } as ChunkwiseOptions);
    },
    uploader: (options?: Parameters<typeof createUploader>[1]) => createUploader(client, options),
    stored: (file: string) => fs.readFile(path.join(started.root, file)),
    async list(): Promise<UploadView[]> {
      return (await trpc.uploads.list.query({})).items as UploadView[];
    },
    async [Symbol.asyncDispose]() {
      for (const uppy of uppys) uppy.destroy();
      if (server) await held[Symbol.asyncDispose]();
    },
  };
}

export type Setup = Awaited<ReturnType<typeof setup>>;

export const bytesOf = (size: number) => new Uint8Array(randomBytes(size));

/** A file as a page adds it: from a folder where `relativePath` says so. */
export function fileOf(
  name: string,
  bytes: Uint8Array<ArrayBuffer> | string,
  relativePath?: string,
  type = '',
) {
  const data = new File([bytes], name, { type, lastModified: 0 });
  return { name, type, data, source: 'test', meta: relativePath === undefined ? {} : { relativePath } };
}

export function named(uppy: TestUppy, name: string): TestFile {
  const file = uppy.getFiles().find((one) => one.name === name);
  if (!file) throw new Error(`Uppy has no file ${name}`);
  return file;
}

/** Resolves when Uppy's state is so. */
export function until(uppy: TestUppy, is: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!is()) return;
      uppy.off('state-update', look);
      resolve();
    };
    uppy.on('state-update', look);
    look();
  });
}

function orAborted(opened: Promise<void>, signal?: AbortSignal | null): Promise<undefined> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
    opened.then(() => resolve(undefined));
  });
}

/** Runs `work`, and gives the errors that nobody caught meanwhile. */
export async function withUncaught<Result>(work: () => Promise<Result>) {
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    return { result: await work(), uncaught };
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  }
}

export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
