import fs from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { initTRPC } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WORKER_DEFAULTS } from '../../contract/index.js';
import { VERSION } from '../../contract/version.js';
import type { UploadsContext } from '../../server/request.js';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import { createUploads } from '../../server/uploads.js';
import { workerUrl } from '../../server/worker-url.js';
import { EXPIRY } from '../sessions/support.js';
import { type ManualClock, manualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/server.js';

const REAL = `export * from ${JSON.stringify(workerUrl.href)};`;
const SILENT = { info() {}, warn() {}, error() {} };
const FIX =
  ": set the option `worker` to the URL of chunkwise/worker, or keep chunkwise out of the bundle (esbuild: external: ['chunkwise']; Vite: ssr.external: ['chunkwise']; Next.js: withChunkwise()); see docs/bundlers.md.";

/** Files that no thread can start from, or that are not ours, and what is said of each. */
const BROKEN: [what: string, name: string, text: string | null, said: string | RegExp][] = [
  ['is not there', 'w.mjs', null, /^ does not start \(Cannot find module '.*w\.mjs'/],
  ['throws while it loads', 'w.mjs', `throw new Error('no good\\nat all');`, ' does not start (no good)'],
  ['exits while it loads', 'w.mjs', 'process.exit(7);', ' does not start (worker exited with code: 7)'],
  ['ends well while it loads', 'w.mjs', 'process.exit(0);', ' does not start (worker exited with code: 0)'],
  ['is a picture', 'w.png', '\x89PNG\r\n', /^ does not start \(Unknown file extension ".png" for/],
  ['is no JavaScript', 'w.mjs', 'const = 1', " does not start (Unexpected token '=')"],
  [
    'lacks what it imports',
    'w.mjs',
    `import './gone.mjs';`,
    /^ does not start \(Cannot find module '.*gone\.mjs'/,
  ],
  ['is empty', 'w.mjs', '', /^ does not start \(No handler function exported from .*w\.mjs\)/],
  [
    'is another program',
    'w.mjs',
    'export const ping = () => ({ result: "pong" });',
    ' is not chunkwise/worker',
  ],
  ['answers nothing', 'w.mjs', 'export const ping = () => undefined;', ' is not chunkwise/worker'],
  ['fails at the ping', 'w.mjs', 'export const ping = () => { throw "word"; };', ' does not start (word)'],
];
const HANGING: [what: string, text: string][] = [
  ['loads for ever', 'for (;;);'],
  ['waits for ever while it loads', 'await new Promise(() => {});'],
  ['never answers', 'export const ping = () => new Promise(() => {});'],
];
const LATE = ` did not answer within ${WORKER_DEFAULTS.startMs / 1000} s`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const alive = new Set<Worker>();
const count = (worker: Worker) => {
  alive.add(worker);
  worker.once('exit', () => alive.delete(worker));
};
beforeEach(async () => {
  folder = await temporaryFolder();
  process.on('worker', count);
});
afterEach(async () => {
  process.off('worker', count);
  await folder[Symbol.asyncDispose]();
});

async function workerFile(name: string, text: string | null): Promise<URL> {
  const file = path.join(folder.path, name);
  if (text !== null) await fs.writeFile(file, text, 'latin1');
  return pathToFileURL(file);
}

function open(worker: URL | string, options: object = {}) {
  const root = path.join(folder.path, 'root');
  return createUploads({ root, owner: 'shared', log: SILENT, workerThreads: 3, worker, ...options });
}

/** What `ready()` says of the worker's file; past the limit where it hangs. */
async function saidOf(ready: Promise<void>, worker: URL, clock?: ManualClock): Promise<string> {
  const outcome = ready.then(
    () => null,
    (error: unknown) => error,
  );
  while (clock?.pending === 0) await new Promise(setImmediate);
  await clock?.advance(WORKER_DEFAULTS.startMs);
  const error = await outcome;
  expect(error).toMatchObject({ name: 'UploadError', code: 'INTERNAL', retryable: false });
  const { message } = error as Error;
  expect(message.startsWith(`The worker ${worker.href} `)).toBe(true);
  expect(message).not.toContain('\n');
  return message.slice(`The worker ${worker.href}`.length);
}

function expectSaid(message: string, said: string | RegExp): void {
  if (typeof said === 'string') expect(message).toBe(said + FIX);
  else expect(message).toMatch(said);
  expect(message.endsWith(FIX)).toBe(true);
}

describe('a server does not start on a worker that', () => {
  test.each(BROKEN)('%s; it says so, and leaves no thread', async (_, name, text, said) => {
    const worker = await workerFile(name, text);
    await using uploads = open(worker);
    for (let time = 0; time < 2; time++) {
      expectSaid(await saidOf(uploads.ready(), worker), said);
      expect(alive.size).toBe(0);
    }
  });

  test.each(HANGING)('%s; it says so past the limit, and leaves no thread', async (_, text) => {
    const worker = await workerFile('w.mjs', text);
    const clock = manualClock();
    await using uploads = open(worker, { clock });
    for (let time = 0; time < 2; time++) {
      expectSaid(await saidOf(uploads.ready(), worker, clock), LATE);
      expect(alive.size).toBe(0);
    }
    expect(clock.pending).toBe(0);
  });

  test('is of another version', async () => {
    const worker = await workerFile('w.mjs', `${REAL}\nexport const ping = () => ({ result: '0.0.9' });`);
    await using uploads = open(worker);
    expect(await saidOf(uploads.ready(), worker)).toContain(
      ` is of version 0.0.9, and the server of version ${VERSION}: bundle both from one version, or keep chunkwise`,
    );
    expect(alive.size).toBe(0);
  });

  test('is broken at first; later it starts', async () => {
    const worker = await workerFile('w.mjs', 'throw new Error("half written");');
    await using uploads = open(worker);
    await expect(uploads.ready()).rejects.toThrow('half written');
    await fs.writeFile(worker, REAL);
    await Promise.all([uploads.ready(), uploads.ready()]);
    // Three to write, and one for the sessions.
    expect(alive.size).toBe(4);
  });
});

describe('the thread of the sessions', () => {
  const sessionsOn = (worker: URL, clock?: ManualClock) =>
    createSqliteSessions({
      file: path.join(folder.path, 'chunkwise.db'),
      lockFile: path.join(folder.path, 'chunkwise.lock'),
      expiry: EXPIRY,
      worker,
      ...(clock && { clock }),
    });

  test.each(BROKEN)('is checked as well: a worker that %s', async (_, name, text, said) => {
    const worker = await workerFile(name, text);
    await using sessions = sessionsOn(worker);
    for (let time = 0; time < 2; time++) expectSaid(await saidOf(sessions.ready(), worker), said);
    expect(alive.size).toBe(0);
  });

  test.each(HANGING)('is checked as well: a worker that %s', async (_, text) => {
    const worker = await workerFile('w.mjs', text);
    const clock = manualClock();
    await using sessions = sessionsOn(worker, clock);
    expectSaid(await saidOf(sessions.ready(), worker, clock), LATE);
    expect(alive.size).toBe(0);
  });

  test('that dies while it opens the database says that it can be tried again', async () => {
    const worker = await workerFile('w.mjs', `${REAL}\nexport const sessions = () => process.exit(1);`);
    await using sessions = sessionsOn(worker);
    await expect(sessions.ready()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await fs.writeFile(worker, REAL);
    await sessions.ready();
  });
});

describe('a request to a server that cannot start', () => {
  test('gets a typed error without file names, and the log one line for each try', async () => {
    const worker = await workerFile('w.mjs', 'throw new Error("no good");');
    const told: unknown[] = [];
    await using uploads = open(worker, { log: { ...SILENT, error: (data: object) => void told.push(data) } });
    const t = initTRPC.context<UploadsContext>().create();
    const router = t.router({ uploads: uploads.procedures(t.procedure) });
    const caller = t.createCallerFactory(router)(uploads.context());
    for (let time = 1; time <= 2; time++) {
      const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => caller.uploads.policy({})));
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: { code: 'INTERNAL_SERVER_ERROR', cause: { name: 'UploadError', code: 'INTERNAL' } },
        });
      expect(
        JSON.stringify(outcomes.map((outcome) => String('reason' in outcome && outcome.reason))),
      ).not.toContain(folder.path);
      expect(told).toHaveLength(time);
    }
    expect(told[0]).toMatchObject({ error: { message: expect.stringContaining('no good') } });
  });
});

describe('the option worker', () => {
  test.each<[string, (url: URL) => URL | string]>([
    ['a URL', (url) => url],
    ['a URL as text', (url) => url.href],
    ['a path', (url) => path.relative(process.cwd(), url.pathname)],
  ])('is %s', async (_, as) => {
    const worker = await workerFile('w.mjs', REAL);
    await using uploads = open(as(worker));
    await uploads.ready();
  });

  test('is refused at once where no thread can start from it', () => {
    expect(() => open('https://example.com/worker.js')).toThrow(
      'The option worker is https://example.com/worker.js: give the path of a file, or its file: URL.',
    );
  });

  test('starts no thread, and reads nothing, before the first use', async () => {
    const worker = await workerFile('w.mjs', null);
    await using uploads = open(worker);
    uploads.procedures(initTRPC.context<UploadsContext>().create().procedure);
    expect(alive.size).toBe(0);
    expect(await fs.readdir(folder.path)).toEqual([]);
  });
});
