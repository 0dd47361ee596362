import fs from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS, UploadError } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { resolvePolicies } from '../../server/policy.js';
import { memoryBody } from '../../server/receive/body/web.js';
import { createStagingSync } from '../../server/upkeep/staging-sync.js';
import { manualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile } from '../support/wire.js';

const CHUNK = 256 * KiB;
const silent = { info() {}, warn() {}, error() {} };
const never = new AbortController().signal;

function makeCore(root: string, bootId: string, options: object = {}) {
  const budget = SERVER_DEFAULTS.memoryBudgetBytes;
  const policies = resolvePolicies(
    { default: { threshold: CHUNK, chunkSize: CHUNK } },
    { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 },
    budget,
  );
  return createCore({ root, log: silent, ...options }, policies, { bootId: async () => bootId });
}

async function begin(core: ReturnType<typeof makeCore>, chunks: number) {
  await core.ready();
  const file = randomFile(chunks * CHUNK, CHUNK);
  const session = await core.start('ann', file.input());
  const send = (index: number, to = core) =>
    to.receive('ann', file.fields(session.id, index), memoryBody(file.piece(index)), never);
  return { file, session, send, staged: core.store.stagedPath(session) };
}

/** What a power cut may leave: pages that were never written are holes. */
async function loseBytes(staged: string, offset: number, size: number) {
  const handle = await fs.open(staged, 'r+');
  await handle.write(Buffer.alloc(size), 0, size, offset);
  await handle.close();
}

describe('after a power cut', () => {
  it('chunks that were not synced are hashed before anybody is told what is missing', async () => {
    await using folder = await temporaryFolder();
    const core = makeCore(folder.path, 'boot one');
    const { file, session, send, staged } = await begin(core, 4);
    for (const index of [0, 1, 2]) await send(index);
    await core.close();
    await loseBytes(staged, CHUNK, CHUNK);

    const again = makeCore(folder.path, 'boot two');
    await again.ready();
    const resumed = await again.start('ann', file.input());
    expect(resumed).toMatchObject({ id: session.id, receivedChunks: 2, suspect: false });
    expect(await again.sessions.missing(session.id, 10)).toMatchObject({
      ranges: [
        [1, 1],
        [3, 3],
      ],
    });
    await send(1, again);
    expect((await send(3, again)).completing).toBe(true);
    again.assembler.kick(session.id);
    const done = await again.assembler.outcome(session.id, 10_000);
    expect(done).toMatchObject({ status: 'completed', hash: file.hash });
    await again.close();
  });

  it('chunks that were synced are believed', async () => {
    await using folder = await temporaryFolder();
    const core = makeCore(folder.path, 'boot one', { durability: 'chunk' });
    const { session, send } = await begin(core, 3);
    await send(0);
    await core.close();
    const again = makeCore(folder.path, 'boot two');
    await again.ready();
    expect(await again.sessions.get(session.id)).toMatchObject({
      suspect: false,
      receivedChunks: 1,
      syncedSeq: 1,
    });
    await again.close();
  });

  it('a start under the same boot suspects nothing', async () => {
    await using folder = await temporaryFolder();
    const core = makeCore(folder.path, 'boot one');
    const { session, send } = await begin(core, 3);
    await send(0);
    await core.close();
    const again = makeCore(folder.path, 'boot one');
    await again.ready();
    expect(await again.sessions.get(session.id)).toMatchObject({ suspect: false, syncedSeq: 0 });
    await again.close();
  });
});

describe('staging', () => {
  it('is synced every now and then, and what was synced is recorded', async () => {
    await using folder = await temporaryFolder();
    const clock = manualClock();
    const core = makeCore(folder.path, 'boot', { clock });
    const { session, send } = await begin(core, 3);
    await send(2);
    await send(0);
    let seen = await core.sessions.get(session.id);
    while (seen?.syncedSeq !== 2) {
      await clock.advance(SERVER_DEFAULTS.stagingSyncIntervalMs);
      seen = await core.sessions.get(session.id);
    }
    expect(seen).toMatchObject({ lastSeq: 2, syncedSeq: 2 });
    await core.close();
  });

  it('whose sync fails is not synced again and called good: its newest chunks are missing', async () => {
    await using folder = await temporaryFolder();
    const clock = manualClock();
    const core = makeCore(folder.path, 'boot', { clock });
    const { session, send } = await begin(core, 3);
    await send(0);
    const good = createStagingSync({
      sessions: core.sessions,
      store: core.store,
      clock,
      log: silent,
      intervalMs: 1,
    });
    await good.run();
    await send(1);
    const failing = { ...core.store, sync: () => Promise.reject(new UploadError('STORE_UNAVAILABLE')) };
    const bad = createStagingSync({
      sessions: core.sessions,
      store: failing,
      clock,
      log: silent,
      intervalMs: 1,
    });
    await bad.run();
    expect(await core.sessions.get(session.id)).toMatchObject({
      receivedChunks: 1,
      receivedBytes: CHUNK,
      lastReceived: 0,
    });
    expect(await core.sessions.missing(session.id, 10)).toMatchObject({ ranges: [[1, 2]] });
    await core.close();
  });
});
