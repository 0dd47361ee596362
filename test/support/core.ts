import { SERVER_DEFAULTS } from '../../contract/index.js';
import { createCore } from '../../server/core.js';
import { lockFileOf, settingsOf } from '../../server/core-options.js';
import { resolvePolicies } from '../../server/policy.js';
import { memoryBody } from '../../server/receive/body/web.js';
import type { Sessions } from '../../server/sessions/sessions.js';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import { randomFile } from './wire.js';

const silent = { info() {}, warn() {}, error() {} };

/** A server core without HTTP on a real root; `around` stands between it and its sessions. */
export async function startCore(root: string, around: (sessions: Sessions) => Sessions) {
  const options = { root, log: silent };
  const { idleExpiryMs: idleMs, maxLifetimeMs, memoryBudgetBytes } = SERVER_DEFAULTS;
  const expiry = { idleMs, maxLifetimeMs };
  const file = settingsOf(options).database;
  const sessions = around(createSqliteSessions({ file, lockFile: lockFileOf(options), expiry }));
  const policies = resolvePolicies({}, { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 }, memoryBudgetBytes);
  const core = createCore(options, policies, { sessions });
  await core.ready();
  return {
    ...core,
    /** All of a small file is there, and nobody has looked for its assembly. @returns its id */
    async fill(): Promise<string> {
      const file = randomFile(1000, 1000);
      const { id } = await core.start('ann', file.input());
      const signal = new AbortController().signal;
      await core.receive('ann', file.fields(id, 0), memoryBody(file.piece(0)), signal);
      return id;
    },
    [Symbol.asyncDispose]: () => core.close(),
  };
}
