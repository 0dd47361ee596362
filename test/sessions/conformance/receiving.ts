import fc from 'fast-check';
import { expect, test } from 'vitest';
import { missingRanges } from '../../../contract/index.js';
import {
  acceptanceOf,
  accepted,
  chunkHashOf,
  claimChunk,
  created,
  DAY,
  EXPIRY,
  existing,
  type Fixture,
  HOUR,
  inStatus,
  leased,
  MINUTE,
  send,
  sendAll,
  T0,
} from '../support.js';

export function receiving(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;

  test('an accepted chunk is counted, and is there after a restart', async () => {
    const session = await created(sessions());
    const { session: after, completing } = await send(sessions(), session, 2, { writer: 'a' });
    expect(completing).toBe(false);
    expect(after).toMatchObject({
      receivedChunks: 1,
      receivedBytes: 2,
      lastReceived: 2,
      lastSeq: 1,
      syncedSeq: 0,
    });
    const again = await fixture().restart();
    expect(await again.get(session.id)).toEqual(after);
    expect(await again.chunks(session.id, 0, 10)).toEqual([
      { index: 2, hash: chunkHashOf(session, 2), seq: 1, writer: 'a', suspect: false },
    ]);
  });

  test('exactly one of parallel acceptances completes', async () => {
    const session = await created(sessions(), { size: 100, chunkSize: 1 });
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, index) => send(sessions(), session, index)),
    );
    expect(outcomes.filter(({ completing }) => completing)).toHaveLength(1);
    const after = await existing(sessions(), session.id);
    expect(after).toMatchObject({
      status: 'assembling',
      receivedChunks: 100,
      receivedBytes: 100,
      lastSeq: 100,
    });
    const records = await sessions().chunks(session.id, 0, 1000);
    expect(records.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    expect(records.find(({ seq }) => seq === 100)?.index).toBe(after.lastReceived);
  });

  test('a repeated acceptance is the last received one and counts nothing', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0, { writer: 'a' });
    await send(sessions(), session, 1, { writer: 'a' });
    const { session: after, completing } = await send(sessions(), session, 0, { writer: 'b' });
    expect(completing).toBe(false);
    expect(after).toMatchObject({ receivedChunks: 2, receivedBytes: 8, lastReceived: 0, lastSeq: 3 });
    expect(await sessions().chunks(session.id, 0, 1)).toMatchObject([{ index: 0, seq: 3, writer: 'b' }]);
  });

  test('an acceptance after an abort is closed and ends its claim', async () => {
    const session = await created(sessions());
    const held = await claimChunk(sessions(), session, 0);
    await sessions().abort(session.owner, session.id, T0);
    let unclaimed = false;
    const waiting = sessions()
      .whenUnclaimed(session.id)
      .then(() => {
        unclaimed = true;
      });
    await existing(sessions(), session.id);
    expect(unclaimed).toBe(false);
    expect(await sessions().accept(held, acceptanceOf(session, 0))).toMatchObject({
      kind: 'closed',
      session: { status: 'aborted', receivedChunks: 0 },
    });
    await waiting;
  });

  test('a repair that ends when the upload is assembling already is a success', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0);
    const repair = await claimChunk(sessions(), session, 0);
    await send(sessions(), session, 1);
    expect((await send(sessions(), session, 2)).completing).toBe(true);
    const before = await existing(sessions(), session.id);
    expect(await sessions().accept(repair, acceptanceOf(session, 0))).toEqual({
      kind: 'accepted',
      session: before,
      completing: false,
    });
    await sessions().whenUnclaimed(session.id);
    expect(await existing(sessions(), session.id)).toEqual(before);
  });

  test('an acceptance without a claim, or against the plan, changes nothing', async () => {
    const session = await created(sessions());
    const held = await claimChunk(sessions(), session, 2);
    const wrong = { ...acceptanceOf(session, 2), size: 4 };
    await expect(sessions().accept(held, wrong)).rejects.toMatchObject({
      name: 'UploadError',
      code: 'INTERNAL',
    });
    await sessions().whenUnclaimed(session.id);
    await expect(sessions().accept(held, acceptanceOf(session, 2))).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    expect(await existing(sessions(), session.id)).toEqual(session);
  });

  test('a race of an abort and the completing acceptance has one winner', async () => {
    for (let round = 0; round < 10; round++) {
      const session = await created(sessions(), { size: 1, chunkSize: 1 });
      const held = await claimChunk(sessions(), session, 0);
      const accept = () => sessions().accept(held, acceptanceOf(session, 0));
      const abort = () => sessions().abort(session.owner, session.id, T0);
      const [outcome] =
        round % 2
          ? await Promise.all([accept(), abort()])
          : (await Promise.all([abort(), accept()])).reverse();
      const after = await existing(sessions(), session.id);
      expect(after.status).toBe('aborted');
      expect(outcome).toMatchObject({ kind: round % 2 ? 'accepted' : 'closed' });
      expect(after.receivedChunks).toBe(round % 2);
    }
  });

  test('a claim puts off the expiry, up to the end of the lifetime', async () => {
    const session = await created(sessions());
    const claimAt = async (now: number) => {
      await sessions().release(await claimChunk(sessions(), session, 0, now));
      return (await existing(sessions(), session.id)).expiresAt - T0;
    };
    expect(await claimAt(T0 + MINUTE / 2)).toBe(DAY);
    expect(await claimAt(T0 + HOUR)).toBe(HOUR + DAY);
    expect(await claimAt(T0 + 6.5 * DAY)).toBe(EXPIRY.maxLifetimeMs);
    await sessions().touch(session.id, T0 + 6.6 * DAY);
    expect((await existing(sessions(), session.id)).expiresAt - T0).toBe(EXPIRY.maxLifetimeMs);
  });

  test('mismatches are counted up to the limit, and one more fails the session', async () => {
    const { id } = await created(sessions());
    const counts = await Promise.all(
      Array.from({ length: 4 }, () => sessions().countMismatch(id, 2, T0 + 1)),
    );
    expect(counts).toEqual([
      { retriesLeft: 1, failed: false },
      { retriesLeft: 0, failed: false },
      { retriesLeft: 0, failed: true },
      null,
    ]);
    expect(await existing(sessions(), id)).toMatchObject({
      status: 'failed',
      endedAt: T0 + 1,
      error: { code: 'RETRIES_EXHAUSTED', retryable: false },
    });
  });

  test('a session that is reopened complete moves on with the next acceptance', async () => {
    const session = await inStatus(sessions(), 'assembling');
    await sessions().reopen(await leased(sessions(), session.id), [], T0);
    expect(accepted(await send(sessions(), session, 1)).completing).toBe(true);
  });

  test('missing is what was not received, sorted and cut at the limit', async () => {
    const indexes = fc.uniqueArray(fc.nat(29), { maxLength: 29 });
    await fc.assert(
      fc.asyncProperty(indexes, fc.integer({ min: 1, max: 16 }), async (received, limit) => {
        const session = await created(sessions(), { size: 30, chunkSize: 1 });
        await Promise.all(received.map((index) => send(sessions(), session, index)));
        const ascending = received.toSorted((a, b) => a - b);
        expect(await sessions().missing(session.id, limit)).toEqual(missingRanges(ascending, 30, limit));
        expect((await sessions().chunks(session.id, 5, 4)).map(({ index }) => index)).toEqual(
          ascending.filter((index) => index >= 5).slice(0, 4),
        );
      }),
      { numRuns: 30 },
    );
    const whole = await created(sessions());
    await sendAll(sessions(), whole);
    expect(await sessions().missing(whole.id, 10)).toEqual({ ranges: [], more: false });
  });
}
