import { expect, test } from 'vitest';
import type { ErrorView } from '../../../contract/index.js';
import type { Lease } from '../../../server/sessions/sessions.js';
import {
  complete,
  created,
  DAY,
  existing,
  type Fixture,
  fileHash,
  HOUR,
  inStatus,
  leased,
  OWNER,
  sendAll,
  T0,
  UNLIMITED,
} from '../support.js';

const LEASE_MS = 30_000;
const PUBLISHED = { path: 'files/x/film.mp4', hash: fileHash('published'), hookDue: false };
const ERROR: ErrorView = { code: 'FILE_HASH_MISMATCH', retryable: false, message: 'no' };

export function assembly(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;
  const take = (now: number, id?: string, holder = 'me') => sessions().takeLease(holder, LEASE_MS, now, id);

  test('one of parallel takers gets the lease', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    const taken = await Promise.all(Array.from({ length: 5 }, (_, n) => take(T0, id, `holder ${n}`)));
    const won = taken.filter((one) => one !== null);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ session: { id, attempt: 1 }, lease: { uploadId: id, attempt: 1 } });
  });

  test('a lease that runs out is taken over, and the first holder has lost', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    const first = await leased(sessions(), id, T0, 'same');
    expect(await take(T0 + LEASE_MS - 1, id)).toBeNull();
    expect(await sessions().renewLease(first, LEASE_MS, T0 + LEASE_MS)).toBe(true);
    expect(await take(T0 + LEASE_MS, id)).toBeNull();
    const second = await take(T0 + 2 * LEASE_MS, id, 'same');
    expect(second?.lease).toEqual({ uploadId: id, holder: 'same', attempt: 2 });
    const before = await existing(sessions(), id);
    expect(await usesOf(first)).toEqual([false, false, false, 'lost', null, false, false]);
    expect(await existing(sessions(), id)).toEqual(before);
  });

  const usesOf = async (lease: Lease) => [
    await sessions().renewLease(lease, LEASE_MS, T0),
    await sessions().setHash(lease, fileHash('x')),
    await sessions().reopen(lease, [0], T0),
    await sessions().beginPublish(lease, UNLIMITED, T0),
    await sessions().complete(lease, PUBLISHED, T0),
    await sessions().fail(lease, ERROR, T0),
    await sessions().retryLater(lease, T0),
  ];

  test('an abort ends the lease', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    const lease = await leased(sessions(), id);
    expect(await sessions().abort(OWNER, id, T0 + 1)).toMatchObject({
      moved: true,
      session: { status: 'aborted', endedAt: T0 + 1 },
    });
    expect(await usesOf(lease)).toEqual([false, false, false, 'lost', null, false, false]);
  });

  test('after the publishing step an abort is refused, before it publishing is', async () => {
    for (const abortFirst of [true, false]) {
      const { id } = await inStatus(sessions(), 'assembling');
      const lease = await leased(sessions(), id);
      const publish = () => sessions().beginPublish(lease, UNLIMITED, T0);
      const abort = () => sessions().abort(OWNER, id, T0);
      const [one, other] = await Promise.all(abortFirst ? [abort(), publish()] : [publish(), abort()]);
      expect(abortFirst ? other : one).toBe(abortFirst ? 'lost' : 'publishing');
      expect(abortFirst ? one : other).toMatchObject({ moved: abortFirst });
    }
  });

  test('only a publishing upload completes, exactly once', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    const lease = await leased(sessions(), id);
    expect(await sessions().complete(lease, PUBLISHED, T0)).toBeNull();
    expect(await sessions().beginPublish(lease, UNLIMITED, T0)).toBe('publishing');
    const outcomes = await Promise.all([1, 2, 3].map((n) => sessions().complete(lease, PUBLISHED, T0 + n)));
    expect(outcomes).toMatchObject([
      { id, status: 'completed', path: PUBLISHED.path, hash: PUBLISHED.hash, endedAt: T0 + 1 },
      null,
      null,
    ]);
    expect(await existing(sessions(), id)).toEqual(outcomes[0]);
    expect(await sessions().abort(OWNER, id, T0)).toEqual({ session: outcomes[0], moved: false });
    expect(await take(T0 + DAY, id)).toBeNull();
  });

  test('what is publishing stays so when the lease is taken over', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    await sessions().beginPublish(await leased(sessions(), id), UNLIMITED, T0);
    const taken = await take(T0 + LEASE_MS, id);
    expect(taken?.session).toMatchObject({ publishing: true, attempt: 2 });
    expect(await sessions().abort(OWNER, id, T0)).toMatchObject({ moved: false });
    const nothing = { maxBytes: 0, maxUploads: 0 };
    expect(taken && (await sessions().beginPublish(taken.lease, nothing, T0))).toBe('publishing');
  });

  test('the quota is checked again before publishing', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    const lease = await leased(sessions(), id);
    expect(await sessions().beginPublish(lease, { maxBytes: 9, maxUploads: null }, T0)).toBe('quota');
    expect((await existing(sessions(), id)).publishing).toBe(false);
    expect(await sessions().beginPublish(lease, { maxBytes: 10, maxUploads: 1 }, T0)).toBe('publishing');
  });

  test('the upload due longest is taken first, and none before its time', async () => {
    const late = await inStatus(sessions(), 'assembling');
    const early = await inStatus(sessions(), 'assembling');
    await sessions().retryLater(await leased(sessions(), late.id), T0 + 20);
    await sessions().retryLater(await leased(sessions(), early.id), T0 + 10);
    await inStatus(sessions(), 'receiving');
    expect(await sessions().nextDue('assembly')).toBe(T0 + 10);
    expect(await take(T0 + 9)).toBeNull();
    expect((await take(T0 + 30))?.session.id).toBe(early.id);
    expect(await sessions().nextDue('assembly')).toBe(T0 + 20);
    expect((await take(T0 + 30))?.session).toMatchObject({ id: late.id, attempt: 2 });
    expect(await take(T0 + 30)).toBeNull();
  });

  test('an upload that the caller assembles already is not taken by its next run', async () => {
    const mine = await inStatus(sessions(), 'assembling');
    const other = await inStatus(sessions(), 'assembling');
    await leased(sessions(), mine.id);
    expect(await sessions().nextDue('assembly')).toBe(T0);
    const late = T0 + DAY;
    expect(await sessions().takeLease('me', LEASE_MS, late, mine.id, [mine.id])).toBeNull();
    expect((await sessions().takeLease('me', LEASE_MS, late, undefined, [mine.id]))?.session.id).toBe(
      other.id,
    );
    expect(await sessions().takeLease('me', LEASE_MS, late, undefined, [mine.id])).toBeNull();
  });

  test('nothing is due where nothing is assembling', async () => {
    await inStatus(sessions(), 'completed');
    expect(await sessions().nextDue('assembly')).toBeNull();
  });

  test('a derived hash is recorded, and forgotten when the file must be sent again', async () => {
    const { id } = await inStatus(sessions(), 'assembling', { declaredHash: null });
    const lease = await leased(sessions(), id);
    expect(await sessions().setHash(lease, fileHash('derived'))).toBe(true);
    expect((await existing(sessions(), id)).hash).toBe(fileHash('derived'));
    await sessions().reopen(lease, [0], T0);
    expect(await existing(sessions(), id)).toMatchObject({ hash: null, status: 'receiving' });
  });

  test('damaged chunks are missing again, and the upload completes after all', async () => {
    const session = await inStatus(sessions(), 'assembling', { size: 18 });
    const lease = await leased(sessions(), session.id);
    const now = T0 + 3 * HOUR;
    expect(await sessions().reopen(lease, [0, 4], now)).toBe(true);
    expect(await sessions().reopen(lease, [1], now)).toBe(false);
    const reopened = await existing(sessions(), session.id);
    expect(reopened).toMatchObject({
      status: 'receiving',
      receivedChunks: 3,
      receivedBytes: 12,
      attempt: 1,
      publishing: false,
      expiresAt: now + DAY,
    });
    expect([1, 2, 3]).toContain(reopened.lastReceived);
    expect(await sessions().missing(session.id, 9)).toEqual({
      ranges: [
        [0, 0],
        [4, 4],
      ],
      more: false,
    });
    expect(await sessions().nextDue('assembly')).toBeNull();
    expect(await sendAll(sessions(), reopened)).toMatchObject({ status: 'assembling', receivedBytes: 18 });
    expect(await complete(sessions(), session.id)).toMatchObject({ status: 'completed', attempt: 2 });
  });

  test('a failed assembly keeps its error', async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    expect(await sessions().fail(await leased(sessions(), id), ERROR, T0 + 7)).toBe(true);
    expect(await (await fixture().restart()).get(id)).toMatchObject({
      status: 'failed',
      error: ERROR,
      endedAt: T0 + 7,
    });
  });

  test('a start frees the leases of dead holders, and only those', async () => {
    const held = await inStatus(sessions(), 'assembling');
    const waiting = await inStatus(sessions(), 'assembling');
    await sessions().retryLater(await leased(sessions(), waiting.id), T0 + HOUR);
    const lease = await leased(sessions(), held.id, T0, 'dead');
    const again = await fixture().restart();
    expect(await take(T0 + 1)).toBeNull();
    await again.releaseDeadHolders();
    expect(await again.renewLease(lease, LEASE_MS, T0)).toBe(false);
    expect((await take(T0 + 1))?.session).toMatchObject({ id: held.id, attempt: 2 });
    expect(await take(T0 + 1)).toBeNull();
  });

  test('receiving uploads have no lease', async () => {
    const { id } = await created(sessions());
    expect(await take(T0 + DAY, id)).toBeNull();
  });
}
