import { expect, test } from 'vitest';
import {
  claimChunk,
  created,
  existing,
  type Fixture,
  inStatus,
  leased,
  send,
  sendAll,
  T0,
} from '../support.js';

export function durability(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;
  const indexesOf = async (id: string) => (await sessions().chunks(id, 0, 100)).map(({ index }) => index);
  const suspectsOf = async (id: string) =>
    (await sessions().chunks(id, 0, 100)).filter(({ suspect }) => suspect).map(({ index }) => index);

  test('sessions with chunks beyond the synced sequence are unsynced', async () => {
    const session = await created(sessions());
    await inStatus(sessions(), 'assembling');
    expect(await sessions().unsynced(null, 10)).toEqual([]);
    await send(sessions(), session, 0);
    const { session: after } = await send(sessions(), session, 1);
    expect(await sessions().unsynced(null, 10)).toEqual([after]);
    await sessions().recordSynced(session.id, 1);
    expect(await sessions().unsynced(null, 10)).toMatchObject([{ syncedSeq: 1 }]);
    await sessions().recordSynced(session.id, 2);
    expect(await sessions().unsynced(null, 10)).toEqual([]);
    await sessions().recordSynced(session.id, 1);
    expect((await existing(sessions(), session.id)).syncedSeq).toBe(2);
  });

  test('no more is synced than was accepted', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0);
    await sessions().recordSynced(session.id, 99);
    expect((await existing(sessions(), session.id)).syncedSeq).toBe(1);
    await send(sessions(), session, 1);
    expect(await sessions().unsynced(null, 10)).toHaveLength(1);
  });

  test('chunks that are synced before their acceptance leave nothing to sync', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0, { synced: true });
    expect(await sessions().unsynced(null, 10)).toEqual([]);
    await send(sessions(), session, 1);
    const { session: after } = await send(sessions(), session, 0, { synced: true });
    expect(after.syncedSeq).toBe(1);
    expect(await sessions().unsynced(null, 10)).toHaveLength(1);
  });

  test('after a failed sync the chunks beyond the synced ones are missing', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 2);
    await sessions().recordSynced(session.id, 1);
    await send(sessions(), session, 0);
    expect(await sessions().dropUnsynced(session.id)).toBe(1);
    expect(await existing(sessions(), session.id)).toMatchObject({
      receivedChunks: 1,
      receivedBytes: 2,
      lastReceived: 2,
      lastSeq: 2,
    });
    expect(await indexesOf(session.id)).toEqual([2]);
    expect(await sessions().unsynced(null, 10)).toEqual([]);
    expect(await sessions().dropUnsynced(session.id)).toBe(0);
    expect((await sendAll(sessions(), session)).status).toBe('assembling');
  });

  test('a synced chunk that was written again is dropped with the unsynced', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0);
    await sessions().recordSynced(session.id, 1);
    await send(sessions(), session, 0);
    expect(await sessions().dropUnsynced(session.id)).toBe(1);
    expect(await existing(sessions(), session.id)).toMatchObject({ receivedChunks: 0, lastReceived: null });
  });

  test('a chunk that is forgotten while its repair is written counts again', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0);
    const repair = await claimChunk(sessions(), session, 0);
    await sessions().dropUnsynced(session.id);
    await sessions().accept(repair, { size: 4, writer: 'w', synced: false, now: T0 });
    expect(await existing(sessions(), session.id)).toMatchObject({ receivedChunks: 1, receivedBytes: 4 });
  });

  test('another boot makes unsynced chunks suspect, a restart does not', async () => {
    expect(await sessions().markBoot('one')).toEqual({ changed: false });
    const receiving = await created(sessions());
    await send(sessions(), receiving, 0);
    await sessions().recordSynced(receiving.id, 1);
    await send(sessions(), receiving, 1);
    const clean = await created(sessions());
    await send(sessions(), clean, 0, { synced: true });
    const assembling = await inStatus(sessions(), 'assembling');
    const completed = await inStatus(sessions(), 'completed');

    const again = await fixture().restart();
    expect(await again.markBoot('one')).toEqual({ changed: false });
    expect(await again.suspectUploads()).toEqual([]);
    expect(await again.markBoot('two')).toEqual({ changed: true });
    expect(await again.markBoot('two')).toEqual({ changed: false });
    expect(await sessions().suspectUploads()).toEqual([receiving.id]);
    expect(await suspectsOf(receiving.id)).toEqual([1]);
    expect((await existing(sessions(), receiving.id)).suspect).toBe(true);
    expect(await suspectsOf(assembling.id)).toEqual([0, 1, 2]);
    expect((await existing(sessions(), assembling.id)).suspect).toBe(true);
    for (const { id } of [clean, completed]) {
      expect(await suspectsOf(id)).toEqual([]);
      expect((await existing(sessions(), id)).suspect).toBe(false);
    }
  });

  test('settling forgets the damaged chunks and trusts the others', async () => {
    await sessions().markBoot('one');
    const session = await created(sessions(), { size: 18 });
    for (const index of [0, 1, 4, 3]) await send(sessions(), session, index);
    await sessions().markBoot('two');
    // Accepted again while the suspects were read: good, whatever the reader has seen before.
    const { session: repaired } = await send(sessions(), session, 1);
    expect(await suspectsOf(session.id)).toEqual([0, 3, 4]);
    expect(repaired.suspect).toBe(true);
    await sessions().settleSuspects(session.id, [1, 4]);
    expect(await suspectsOf(session.id)).toEqual([]);
    expect(await sessions().suspectUploads()).toEqual([]);
    expect(await indexesOf(session.id)).toEqual([0, 1, 3]);
    expect(await existing(sessions(), session.id)).toMatchObject({
      suspect: false,
      receivedChunks: 3,
      receivedBytes: 12,
      lastReceived: 1,
    });
  });

  test('a session whose staging is gone forgets everything', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0);
    await send(sessions(), session, 2);
    await sessions().dropAll(session.id);
    expect(await existing(sessions(), session.id)).toMatchObject({
      status: 'receiving',
      receivedChunks: 0,
      receivedBytes: 0,
      lastReceived: null,
    });
    expect(await sessions().missing(session.id, 5)).toEqual({ ranges: [[0, 2]], more: false });
    expect(await sessions().unsynced(null, 10)).toEqual([]);
  });

  test('chunks that a check found damaged are missing', async () => {
    const session = await created(sessions());
    for (const index of [0, 2]) await send(sessions(), session, index);
    expect(await sessions().drop(session.id, [1, 2])).toBe(1);
    expect(await indexesOf(session.id)).toEqual([0]);
    expect(await existing(sessions(), session.id)).toMatchObject({
      receivedChunks: 1,
      receivedBytes: 4,
      lastReceived: 0,
    });
  });

  test('outside receiving nothing is forgotten', async () => {
    const session = await inStatus(sessions(), 'assembling');
    expect(await sessions().dropUnsynced(session.id)).toBe(0);
    expect(await sessions().drop(session.id, [0])).toBe(0);
    await sessions().dropAll(session.id);
    await sessions().settleSuspects(session.id, [0]);
    expect(await existing(sessions(), session.id)).toEqual(session);
    expect(await indexesOf(session.id)).toEqual([0, 1, 2]);
    expect(await leased(sessions(), session.id)).toBeDefined();
  });
}
