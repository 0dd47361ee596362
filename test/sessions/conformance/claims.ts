import { expect, test } from 'vitest';
import {
  acceptanceOf,
  chunkHashOf,
  created,
  type Fixture,
  granted,
  hashOf,
  inStatus,
  send,
  T0,
} from '../support.js';

export function claims(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;
  const claim = (uploadId: string, index: number, hash: string, now = T0) =>
    sessions().claim({ uploadId, index, hash, now });

  test('a second claim on an index is busy until the first ends', async () => {
    const session = await created(sessions());
    const hash = chunkHashOf(session, 0);
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => claim(session.id, 0, hash)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['busy', 'busy', 'busy', 'busy', 'granted']);
    const first = granted(outcomes.find(({ kind }) => kind === 'granted') ?? { kind: 'busy' });

    let released = false;
    const waiting = sessions()
      .whenReleased(session.id, 0)
      .then(() => {
        released = true;
      });
    await sessions().whenReleased(session.id, 1);
    expect(released).toBe(false);
    await sessions().release(first);
    await waiting;

    const second = granted(await claim(session.id, 0, hash));
    await sessions().release(first);
    expect((await claim(session.id, 0, hash)).kind).toBe('busy');
    await sessions().accept(second, acceptanceOf(session, 0));
    await sessions().whenReleased(session.id, 0);
    expect(await claim(session.id, 0, hash)).toMatchObject({ kind: 'granted', repair: true });
  });

  test('a claim that was not granted holds nothing', async () => {
    const session = await created(sessions());
    await send(sessions(), session, 0);
    const conflict = await claim(session.id, 0, hashOf('other'));
    expect(conflict).toEqual({ kind: 'conflict', accepted: chunkHashOf(session, 0) });
    expect((await claim(session.id, 0, chunkHashOf(session, 0))).kind).toBe('granted');
    expect((await claim('01J00000000000000000000000', 0, hashOf('x'))).kind).toBe('unknown');
    await sessions().whenUnclaimed('01J00000000000000000000000');
  });

  test.each(['assembling', 'completed'] as const)('in %s an equal chunk is a duplicate', async (status) => {
    const session = await inStatus(sessions(), status);
    expect(await claim(session.id, 1, chunkHashOf(session, 1))).toEqual({ kind: 'duplicate', session });
    const other = await claim(session.id, 1, hashOf('other'));
    expect(other.kind).toBe(status === 'completed' ? 'closed' : 'conflict');
    await sessions().whenUnclaimed(session.id);
  });

  test.each(['aborted', 'expired', 'failed', 'gone'] as const)(
    'in %s there are no claims',
    async (status) => {
      const session = await inStatus(sessions(), status);
      expect(await claim(session.id, 0, chunkHashOf(session, 0))).toEqual({ kind: 'closed', session });
    },
  );
}
