import fs from 'node:fs/promises';
import path from 'node:path';
import { initTRPC } from '@trpc/server';
import { describe, expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS, UploadError } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { resolvePolicies } from '../../server/policy.js';
import { memoryBody } from '../../server/receive/body/web.js';
import { noRequest, type UploadsContext } from '../../server/request.js';
import { buildProcedures } from '../../server/router.js';
import type { Sessions } from '../../server/sessions/sessions.js';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import { startStandalone } from '../../server/standalone/app.js';
import { createUploads } from '../../server/uploads.js';
import { manualClock } from '../support/clock.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;
const silent = { info() {}, warn() {}, error() {} };
const limits = { threshold: CHUNK, chunkSize: CHUNK };
const t = initTRPC.context<UploadsContext>().create();
const never = new AbortController().signal;

function resolved(more: object = {}) {
  return resolvePolicies(
    { default: { ...limits, ...more } },
    { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 },
    SERVER_DEFAULTS.memoryBudgetBytes,
  );
}

function standalone(root: string, more: object = {}) {
  return startStandalone({
    ...{ root, host: '127.0.0.1', port: 0, allowedHosts: [], allowedOrigins: [], token: null },
    ...{ requestsPerMinute: 0, log: silent, ...more },
  });
}

it('repeats of an accepted chunk all succeed at the same time', async () => {
  await using folder = await temporaryFolder();
  await using server = await startServer({ root: folder.path, policies: { default: limits } });
  const client = wireClient(server.url);
  const file = randomFile(2 * CHUNK, CHUNK);
  const { uploadId } = (await client.init(file.input())).data;
  const send = (index: number) => client.chunk(file.fields(uploadId, index), file.piece(index));
  for (const index of [0, 1]) await send(index);
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(0)));
  expect(new Set(answers.map(({ data }) => JSON.stringify(data))).size).toBe(1);
  expect(answers[0]?.data).toMatchObject({ status: 'completed' });
});

it('a server that cannot open its database tells clients no path', async () => {
  await using folder = await temporaryFolder();
  await fs.writeFile(path.join(folder.path, 'chunkwise.db'), 'not a database'.repeat(1000));
  await using uploads = createUploads({ root: folder.path, owner: 'shared', log: silent });
  const router = t.router({ uploads: uploads.procedures(t.procedure) });
  const caller = t.createCallerFactory(router)(uploads.context());
  const refused = await caller.uploads.list({}).catch((error: unknown) => error);
  expect(String(refused)).not.toContain(folder.path);
  expect(refused).toMatchObject({ cause: { code: 'INTERNAL' } });
});

describe('serve', () => {
  it('says in a body, too, that there were too many requests', async () => {
    await using folder = await temporaryFolder();
    await using app = await standalone(folder.path, { requestsPerMinute: 1 });
    await fetch(app.url);
    const answer = await fetch(app.url);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({ code: 'RATE_LIMITED' });
    const call = await fetch(`${app.url}/trpc/uploads.list`);
    expect([call.status, await call.json()]).toMatchObject([429, { code: 'RATE_LIMITED' }]);
  });

  it('gives files back whose names have no encoding', async () => {
    await using folder = await temporaryFolder();
    await using app = await standalone(folder.path);
    const client = wireClient(`${app.url}/trpc`);
    for (const name of ['half \ud800 a pair', '100%.txt', 'a\u0000b\nc', '\u202etxt.exe', '"; x="']) {
      const file = randomFile(100, 100);
      const { uploadId } = (await client.init(file.input(name))).data;
      await client.chunk(file.fields(uploadId, 0), file.bytes);
      const answer = await fetch(`${app.url}/files/${uploadId}`);
      expect([name, answer.status]).toEqual([name, 200]);
      expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), file.bytes)).toBe(0);
    }
  });
});

it('a failed `completed` hook is called again after its pause', async () => {
  await using folder = await temporaryFolder();
  const clock = manualClock();
  let calls = 0;
  let again = () => {};
  const secondCall = new Promise<'again'>((resolve) => {
    again = () => resolve('again');
  });
  const completed = () => {
    if (++calls > 1) return again();
    throw new Error('not yet');
  };
  const core = createCore({ root: folder.path, log: silent, clock }, resolved({ completed }));
  await core.ready();
  const file = randomFile(1000, 1000);
  const { id } = await core.start('ann', file.input());
  await core.receive('ann', file.fields(id, 0), memoryBody(file.bytes), never);
  const outcome = core.assembler.outcome(id, SERVER_DEFAULTS.completionWaitMs);
  core.assembler.kick(id);
  expect(await outcome).toMatchObject({ status: 'completed', hookDue: true });
  // The timer of the outbox is set once the database has said when.
  const timers = clock.pending;
  for (let turn = 0; clock.pending <= timers && turn < 1000; turn++) await core.sessions.get(id);
  await clock.advance(SERVER_DEFAULTS.hookBackoffMs);
  expect(await secondCall).toBe('again');
  await core.close();
});

it('every upload’s staging is synced, however many there are', async () => {
  await using folder = await temporaryFolder();
  const database = {
    file: path.join(folder.path, 'chunkwise.db'),
    lockFile: path.join(folder.path, 'chunkwise.lock'),
    expiry: { idleMs: 1e9, maxLifetimeMs: 1e10 },
  };
  const inner = createSqliteSessions(database);
  const seen = new Set<string>();
  const sessions = {
    ...inner,
    // Uploads that are always busy: what was synced is behind again at once.
    async recordSynced(id: string) {
      seen.add(id);
    },
  };
  const clock = manualClock();
  const core = createCore({ root: folder.path, log: silent, clock }, resolved(), { sessions });
  await core.ready();
  const many = SERVER_DEFAULTS.sweepBatchRows + 2;
  const file = randomFile(2 * CHUNK, CHUNK);
  const started = Array.from({ length: many }, async (_, number) => {
    const { id } = await core.start('ann', { ...file.input(`${number}`), hash: null });
    await core.receive('ann', file.fields(id, 0), memoryBody(file.piece(0)), never);
  });
  await Promise.all(started);
  await clock.advance(SERVER_DEFAULTS.stagingSyncIntervalMs);
  // Closing waits for the round that runs.
  await core.close();
  expect(seen.size).toBe(many);
});

it('a repeat begins the assembly whose first answer was lost', async () => {
  await using folder = await temporaryFolder();
  const inner = createSqliteSessions({
    file: path.join(folder.path, 'chunkwise.db'),
    lockFile: path.join(folder.path, 'chunkwise.lock'),
    expiry: { idleMs: 1e9, maxLifetimeMs: 1e10 },
  });
  let accepted = 0;
  const sessions: Sessions = {
    ...inner,
    async accept(...args) {
      const outcome = await inner.accept(...args);
      // As where the database's thread dies after its commit.
      if (++accepted === 2) throw new UploadError('STORE_UNAVAILABLE');
      return outcome;
    },
  };
  const core = createCore({ root: folder.path, log: silent, clock: manualClock() }, resolved(), { sessions });
  const router = t.router({ uploads: buildProcedures(t.procedure, { core, owner: 'shared' }) });
  const caller = t.createCallerFactory(router)({ chunkwise: noRequest });
  const file = randomFile(2 * CHUNK, CHUNK);
  const { uploadId } = await caller.uploads.init(file.input());
  const send = (index: number) =>
    caller.uploads.chunk({ ...file.fields(uploadId, index), data: file.piece(index) });
  await send(0);
  await expect(send(1)).rejects.toMatchObject({ cause: { code: 'STORE_UNAVAILABLE' } });
  // Time stands still: nothing but this request can begin it.
  expect(await send(1)).toMatchObject({ status: 'completed', hash: file.hash });
  await core.close();
});
