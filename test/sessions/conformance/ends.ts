import { expect, test } from 'vitest';
import { MOVES, STATUSES } from '../../../contract/index.js';
import {
  claimChunk,
  complete,
  created,
  DAY,
  existing,
  type Fixture,
  inStatus,
  OWNER,
  send,
  T0,
} from '../support.js';

export function ends(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;

  test('exactly one of parallel aborts moves the upload', async () => {
    const { id } = await created(sessions());
    const outcomes = await Promise.all([1, 2, 3].map((n) => sessions().abort(OWNER, id, T0 + n)));
    expect(outcomes.map((outcome) => outcome?.moved)).toEqual([true, false, false]);
    for (const outcome of outcomes)
      expect(outcome?.session).toMatchObject({ status: 'aborted', endedAt: T0 + 1 });
  });

  test("another owner's upload is not aborted", async () => {
    const session = await created(sessions());
    expect(await sessions().abort('somebody', session.id, T0)).toBeNull();
    expect(await sessions().abort(OWNER, '01J00000000000000000000000', T0)).toBeNull();
    expect(await existing(sessions(), session.id)).toEqual(session);
  });

  test('idle sessions expire, oldest first, and nothing else does', async () => {
    const [first, second, later] = [
      await created(sessions(), {}, T0),
      await created(sessions(), {}, T0 + 1),
      await created(sessions(), {}, T0 + 2),
    ];
    for (const status of ['assembling', 'completed', 'aborted', 'failed'] as const)
      await inStatus(sessions(), status);
    expect(await sessions().expire(T0 + DAY - 1, 10)).toEqual([]);
    expect(await sessions().expire(T0 + DAY + 1, 1)).toMatchObject([
      { id: first.id, status: 'expired', endedAt: T0 + DAY + 1 },
    ]);
    expect((await sessions().expire(T0 + DAY + 1, 10)).map(({ id }) => id)).toEqual([second.id]);
    expect((await existing(sessions(), later.id)).status).toBe('receiving');
  });

  test('of an expiry and a claim at the same moment the first decides', async () => {
    const now = T0 + DAY;
    const lucky = await created(sessions());
    const [claimed, expired] = await Promise.all([
      claimChunk(sessions(), lucky, 0, now),
      sessions().expire(now, 10),
    ]);
    expect(expired).toEqual([]);
    expect((await sessions().accept(claimed, { size: 4, writer: 'w', synced: false, now })).kind).toBe(
      'accepted',
    );

    const late = await created(sessions(), { owner: 'late' });
    const claim = { uploadId: late.id, index: 0, hash: 'ab'.repeat(32), now };
    const [sweep, refused] = await Promise.all([sessions().expire(now, 10), sessions().claim(claim)]);
    expect(sweep.map(({ id }) => id)).toEqual([late.id]);
    expect(refused).toMatchObject({ kind: 'closed', session: { status: 'expired' } });
  });

  test('only a completed upload can be gone', async () => {
    const { id } = await inStatus(sessions(), 'completed');
    expect(await sessions().markGone(id, T0 + 5)).toBe(true);
    expect(await sessions().markGone(id, T0 + 6)).toBe(false);
    expect(await existing(sessions(), id)).toMatchObject({ status: 'gone', endedAt: T0 + 5 });
    expect(await sessions().chunks(id, 0, 9)).toEqual([]);
    const open = await created(sessions());
    expect(await sessions().markGone(open.id, T0)).toBe(false);
  });

  test('a move is intended by one of several, and done only as it was intended', async () => {
    const { id } = await inStatus(sessions(), 'completed');
    const intended = await Promise.all(
      ['/a', '/b', '/c \ud800'].map((to) => sessions().intendMove(id, null, to)),
    );
    expect(intended).toEqual([true, false, false]);
    expect(await sessions().intendMove(id, '/a', '/c \ud800')).toBe(true);
    expect(await sessions().markMoved(id, '/a', T0)).toBe(false);
    expect(await existing(sessions(), id)).toMatchObject({ status: 'completed', movedTo: '/c \ud800' });

    await sessions().markCleaned(await existing(sessions(), id));
    const moved = await Promise.all([1, 2].map((n) => sessions().markMoved(id, '/c \ud800', T0 + n)));
    expect(moved).toEqual([true, false]);
    const gone = { status: 'gone', movedTo: '/c \ud800', endedAt: T0 + 1, staged: true };
    expect(await existing(sessions(), id)).toMatchObject(gone);
    expect(await existing(await fixture().restart(), id)).toMatchObject(gone);
  });

  test('a moved upload is uncleaned again, and its chunk records are gone', async () => {
    const session = await inStatus(sessions(), 'completed');
    await sessions().intendMove(session.id, null, '/to');
    await sessions().markMoved(session.id, '/to', T0);
    expect(await sessions().chunks(session.id, 0, 9)).toEqual([]);
    // A cleaning that began while it was completed says nothing of what the move leaves.
    await sessions().markCleaned(session);
    expect((await sessions().uncleaned(9)).map(({ id }) => id)).toEqual([session.id]);
    await sessions().markCleaned(await existing(sessions(), session.id));
    expect(await sessions().uncleaned(9)).toEqual([]);
  });

  test('a move that was intended is forgotten with the file; nothing else can be moved', async () => {
    const { id } = await inStatus(sessions(), 'completed');
    await sessions().intendMove(id, null, '/to');
    await sessions().markGone(id, T0);
    expect(await existing(sessions(), id)).toMatchObject({ status: 'gone', movedTo: null });
    expect(await sessions().markMoved(id, '/to', T0)).toBe(false);
    for (const status of STATUSES.toReversed()) {
      if (status === 'completed') continue;
      const other = await inStatus(sessions(), status);
      expect(await sessions().intendMove(other.id, null, '/to'), status).toBe(false);
      expect(await existing(sessions(), other.id)).toEqual(other);
    }
    expect(await sessions().intendMove('01J00000000000000000000000', null, '/to')).toBe(false);
  });

  test('ended sessions are uncleaned until their staging is empty', async () => {
    await created(sessions());
    await inStatus(sessions(), 'assembling');
    const aborted = await created(sessions());
    await send(sessions(), aborted, 0);
    await sessions().abort(OWNER, aborted.id, T0 - 1);
    const completed = await inStatus(sessions(), 'completed');
    const uncleaned = await sessions().uncleaned(10);
    expect(uncleaned.map(({ id }) => id)).toEqual([aborted.id, completed.id]);
    for (const session of uncleaned) await sessions().markCleaned(session);
    expect(await sessions().uncleaned(10)).toEqual([]);
    expect(await sessions().chunks(aborted.id, 0, 9)).toEqual([]);
    expect(await sessions().chunks(completed.id, 0, 9)).toHaveLength(3);
  });

  test('a live session is not cleaned', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0);
    await sessions().markCleaned(session);
    expect((await existing(sessions(), session.id)).staged).toBe(true);
    expect(await sessions().chunks(session.id, 0, 9)).toHaveLength(1);
  });

  test('only cleaned rows that ended long ago without a file are deleted', async () => {
    const ids = new Map<string, string>();
    // In this order: reaching `expired` ends every session that is receiving by then.
    for (const status of STATUSES.toReversed()) ids.set(status, (await inStatus(sessions(), status)).id);
    const uncleaned = await inStatus(sessions(), 'aborted');
    for (const id of ids.values()) await sessions().markCleaned(await existing(sessions(), id));
    expect(await sessions().purge(T0, 10)).toBe(0);
    expect(await sessions().purge(T0 + 2 * DAY, 1)).toBe(1);
    expect(await sessions().purge(T0 + 2 * DAY, 10)).toBe(3);
    const left = await sessions().statuses([...ids.values(), uncleaned.id]);
    expect([...left.values()].sort()).toEqual(['aborted', 'assembling', 'completed', 'receiving']);
  });

  test('a row whose hook is due stays, however long its file is gone', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    await complete(sessions(), id, { hookDue: true });
    await sessions().markGone(id, T0);
    await sessions().markCleaned(await existing(sessions(), id));
    expect(await sessions().purge(T0 + 30 * DAY, 10)).toBe(0);
    await sessions().takeHook(T0, 100, { id });
    await sessions().hookDone(id, { url: 'here' });
    expect(await existing(sessions(), id)).toMatchObject({ status: 'gone', data: { url: 'here' } });
    expect(await sessions().purge(T0 + 30 * DAY, 10)).toBe(1);
  });

  test('every final status is one without a way on, but for a file that goes', () => {
    for (const status of STATUSES)
      expect(MOVES[status].length > 0).toBe(['receiving', 'assembling', 'completed'].includes(status));
  });
}
