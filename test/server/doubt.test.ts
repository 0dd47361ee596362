import { expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS, UploadError } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { resolvePolicies } from '../../server/policy.js';
import { createWorkerPool } from '../../server/pool.js';
import { memoryBody } from '../../server/receive/body/web.js';
import { createInPlaceStore } from '../../server/stores/in-place.js';
import { workerUrl } from '../../server/worker-url.js';
import { manualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile } from '../support/wire.js';

const CHUNK = 256 * KiB;
const silent = { info() {}, warn() {}, error() {} };

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

it('a sync of staging that fails while the file is assembled makes its bytes missing', async () => {
  await using folder = await temporaryFolder();
  const tasks = createWorkerPool({ worker: workerUrl });
  const [syncing, failing] = [deferred(), deferred()];
  const store = {
    ...createInPlaceStore({ root: folder.path, tasks }),
    async sync() {
      syncing.resolve();
      await failing.promise;
      throw new UploadError('STORE_UNAVAILABLE');
    },
  };
  const policies = resolvePolicies(
    { default: { threshold: CHUNK, chunkSize: CHUNK } },
    { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 },
    SERVER_DEFAULTS.memoryBudgetBytes,
  );
  const clock = manualClock();
  const core = createCore({ root: folder.path, log: silent, clock }, policies, { tasks, store });
  await core.ready();
  const file = randomFile(2 * CHUNK, CHUNK);
  const { id } = await core.start('ann', file.input());
  const send = (index: number) =>
    core.receive('ann', file.fields(id, index), memoryBody(file.piece(index)), new AbortController().signal);
  await send(0);
  const ticked = clock.advance(SERVER_DEFAULTS.stagingSyncIntervalMs);
  await syncing.promise;
  await send(1);
  const outcome = core.assembler.outcome(id, SERVER_DEFAULTS.completionWaitMs);
  core.assembler.kick(id);
  // The system tells a failure to one of the two syncs only: assembly waits for the one that runs.
  failing.resolve();
  expect(await outcome).toMatchObject({ status: 'receiving', receivedChunks: 0 });
  await ticked;
  await core.close();
});
