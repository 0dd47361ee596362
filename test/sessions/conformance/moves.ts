import { expect, test } from 'vitest';
import { canMove, STATUSES } from '../../../contract/index.js';
import type { Lease, Sessions, UploadSession } from '../../../server/sessions/sessions.js';
import {
  chunkHashOf,
  DAY,
  existing,
  type Fixture,
  fileHash,
  inStatus,
  newUpload,
  T0,
  UNLIMITED,
} from '../support.js';

const LATE = T0 + 30 * DAY;

/** Everything that can be done to an upload, with the lease that its assembler holds or held. */
const DEEDS: Record<string, (sessions: Sessions, session: UploadSession, lease: Lease) => Promise<unknown>> =
  {
    create: (sessions, { declaredHash }) => sessions.create(newUpload({ declaredHash }), UNLIMITED, LATE),
    touch: (sessions, { id }) => sessions.touch(id, LATE),
    send: async (sessions, session) => {
      const claim = { uploadId: session.id, index: 0, hash: chunkHashOf(session, 0), now: T0 };
      const outcome = await sessions.claim(claim);
      if (outcome.kind === 'granted')
        await sessions.accept(outcome.claim, { size: 4, writer: 'w', synced: true, now: T0 });
    },
    countMismatch: (sessions, { id }) => sessions.countMismatch(id, 0, T0),
    recordSynced: (sessions, { id }) => sessions.recordSynced(id, 99),
    dropUnsynced: (sessions, { id }) => sessions.dropUnsynced(id),
    settleSuspects: (sessions, { id }) => sessions.settleSuspects(id, [0]),
    drop: (sessions, { id }) => sessions.drop(id, [0]),
    dropAll: (sessions, { id }) => sessions.dropAll(id),
    releaseDeadHolders: (sessions) => sessions.releaseDeadHolders(),
    takeLease: (sessions, { id }) => sessions.takeLease('other', 1, LATE, id),
    renewLease: (sessions, _, lease) => sessions.renewLease(lease, 1, T0),
    setHash: (sessions, _, lease) => sessions.setHash(lease, fileHash('x')),
    reopen: (sessions, _, lease) => sessions.reopen(lease, [0], T0),
    beginPublish: (sessions, _, lease) => sessions.beginPublish(lease, UNLIMITED, T0),
    complete: async (sessions, _, lease) => {
      await sessions.beginPublish(lease, UNLIMITED, T0);
      await sessions.complete(lease, { path: 'p', hash: fileHash('x'), hookDue: true }, T0);
    },
    fail: (sessions, _, lease) =>
      sessions.fail(lease, { code: 'HOOK_REFUSED', retryable: false, message: 'no' }, T0),
    retryLater: (sessions, _, lease) => sessions.retryLater(lease, T0),
    abort: (sessions, { owner, id }) => sessions.abort(owner, id, T0),
    expire: (sessions) => sessions.expire(LATE, 1000),
    markGone: (sessions, { id }) => sessions.markGone(id, T0),
    intendMove: (sessions, { id }) => sessions.intendMove(id, null, '/to'),
    markMoved: async (sessions, { id }) => {
      await sessions.intendMove(id, null, '/to');
      await sessions.markMoved(id, '/to', T0);
    },
    markCleaned: (sessions, session) => sessions.markCleaned(session),
    takeHook: (sessions, { id }) => sessions.takeHook(LATE, 1, { id }),
    hookDone: (sessions, { id }) => sessions.hookDone(id, 1),
    hookFailed: (sessions, { id }) => sessions.hookFailed(id, 'no', T0),
  };

/** Deeds that end one status, as the table of moves has them; each pair must be seen. */
const EXPECTED = [
  'create: receiving → expired',
  'countMismatch: receiving → failed',
  'reopen: assembling → receiving',
  'complete: assembling → completed',
  'fail: assembling → failed',
  'abort: receiving → aborted',
  'abort: assembling → aborted',
  'expire: receiving → expired',
  'markGone: completed → gone',
  'markMoved: completed → gone',
];

export function moves(fixture: () => Fixture) {
  test('whatever is done in whatever status, only allowed moves happen', async () => {
    const { sessions } = fixture();
    const seen: string[] = [];
    for (const from of STATUSES)
      for (const [deed, run] of Object.entries(DEEDS)) {
        const session = await inStatus(sessions, from);
        const taken = await sessions.takeLease('me', 30_000, T0, session.id);
        await run(sessions, session, taken?.lease ?? { uploadId: session.id, holder: 'me', attempt: 1 });
        const { status: to } = await existing(sessions, session.id);
        if (to === from) continue;
        expect(canMove(from, to), `${deed}: ${from} → ${to}`).toBe(true);
        seen.push(`${deed}: ${from} → ${to}`);
      }
    expect(seen.sort()).toEqual(EXPECTED.toSorted());
  });
}
