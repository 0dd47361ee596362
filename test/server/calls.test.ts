import { expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { lockFileOf, settingsOf } from '../../server/core-options.js';
import { resolvePolicies } from '../../server/policy.js';
import { memoryBody } from '../../server/receive/body/web.js';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile } from '../support/wire.js';

const CHUNK = 256 * KiB;

it('a small upload asks the sessions for nothing that it knows, alone and beside others', async () => {
  await using folder = await temporaryFolder();
  const counts = new Map<string, number>();
  const options = { root: folder.path, log: { info() {}, warn() {}, error() {} } };
  const { idleExpiryMs: idleMs, maxLifetimeMs } = SERVER_DEFAULTS;
  const sessions = new Proxy(
    createSqliteSessions({
      file: settingsOf(options).database,
      lockFile: lockFileOf(options),
      expiry: { idleMs, maxLifetimeMs },
    }),
    {
      get(target, name, receiver) {
        counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
        return Reflect.get(target, name, receiver);
      },
    },
  );
  const policies = resolvePolicies(
    { default: { threshold: CHUNK, chunkSize: CHUNK } },
    { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 },
    SERVER_DEFAULTS.memoryBudgetBytes,
  );
  const core = createCore(options, policies, { sessions });
  await core.ready();
  const upload = async () => {
    const file = randomFile(1000, 1000);
    const { id } = await core.start('ann', file.input());
    const signal = new AbortController().signal;
    await core.receive('ann', file.fields(id, 0), memoryBody(file.piece(0)), signal);
    core.assembler.kick(id);
    return core.assembler.outcome(id, SERVER_DEFAULTS.completionWaitMs);
  };
  // What a start looks for is over.
  await upload();
  await core.cleanup.idle();

  counts.clear();
  expect(await upload()).toMatchObject({ status: 'completed' });
  await core.cleanup.idle();
  expect(counts.get('get')).toBe(2);
  // One more looks for what else is due.
  expect(counts.get('takeLease')).toBeLessThanOrEqual(2);
  for (const name of ['touch', 'dropAll', 'missing', 'setHash']) expect(counts.has(name)).toBe(false);

  const many = 3 * SERVER_DEFAULTS.parallelAssemblies;
  const outcomes = await Promise.all(Array.from({ length: many }, upload));
  expect(outcomes.map((outcome) => outcome?.status)).toEqual(Array(many).fill('completed'));
  await core.close();
});
