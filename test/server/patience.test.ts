import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { resolvePolicies } from '../../server/policy.js';
import { memoryBody } from '../../server/receive/body/web.js';
import { manualClock } from '../support/clock.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;
const silent = { info() {}, warn() {}, error() {} };

it('a server that stops fails no assembly for good, however many attempts it had', async () => {
  await using folder = await temporaryFolder();
  const limits = { threshold: CHUNK, chunkSize: CHUNK };
  const file = randomFile(2 * CHUNK, CHUNK);
  let uploadId = '';
  {
    await using server = await startServer({ root: folder.path, policies: { default: limits } });
    const client = wireClient(server.url);
    uploadId = (await client.init(file.input())).data.uploadId;
    await client.chunk(file.fields(uploadId, 0), file.piece(0));
  }
  // What a disk that was full for some hours leaves behind.
  const database = new Database(path.join(folder.path, 'chunkwise.db'));
  database.prepare('update uploads set attempt = ?').run(SERVER_DEFAULTS.maxAssemblyAttempts + 5);
  database.close();
  {
    let reached = () => {};
    const inHook = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const beforePublish = () => {
      reached();
      return new Promise<true>(() => {});
    };
    await using server = await startServer({
      root: folder.path,
      policies: { default: { ...limits, beforePublish } },
    });
    const client = wireClient(server.url);
    const last = client.chunk(file.fields(uploadId, 1), file.piece(1));
    await inHook;
    await server.uploads.close();
    expect((await last).data).toMatchObject({ status: 'assembling' });
  }
  await using server = await startServer({ root: folder.path, policies: { default: limits } });
  expect((await wireClient(server.url).init(file.input())).data).toMatchObject({
    uploadId,
    status: 'completed',
  });
});

it('a hook that throws for hours costs nothing', async () => {
  await using folder = await temporaryFolder();
  const clock = manualClock();
  let isDown = true;
  let calls = 0;
  const beforePublish = () => {
    calls++;
    if (isDown) throw new Error('the scanner is down');
    return true;
  };
  const policies = resolvePolicies(
    { default: { threshold: CHUNK, beforePublish } },
    { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 },
    SERVER_DEFAULTS.memoryBudgetBytes,
  );
  const core = createCore({ root: folder.path, log: silent, clock }, policies);
  await core.ready();
  const file = randomFile(1000, 1000);
  const { id } = await core.start('ann', file.input());
  /** Each attempt that ends is told. */
  const next = () =>
    new Promise<string>((resolve) => {
      const end = core.events.subscribeTo(id, ({ status }) => {
        end();
        resolve(status);
      });
    });
  await core.receive('ann', file.fields(id, 0), memoryBody(file.piece(0)), new AbortController().signal);
  let told = next();
  core.assembler.kick(id);
  while (calls < SERVER_DEFAULTS.maxAssemblyAttempts + 5) {
    expect(await told).toBe('assembling');
    told = next();
    // The next attempt is due by then, and begins as soon as somebody looks.
    await clock.advance(SERVER_DEFAULTS.maxAssemblyBackoffMs);
    core.assembler.kick(id);
  }
  isDown = false;
  while ((await told) === 'assembling') {
    told = next();
    await clock.advance(SERVER_DEFAULTS.maxAssemblyBackoffMs);
    core.assembler.kick(id);
  }
  expect(await told).toBe('completed');
  await core.close();
});
