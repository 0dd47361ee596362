import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  complete,
  created,
  existing,
  type Fixture,
  fileHash,
  inStatus,
  OWNER,
  sendAll,
  T0,
} from '../support.js';

const UNKNOWN = '01J00000000000000000000000';

export function finding(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;

  test('an upload is found by its owner alone', async () => {
    const session = await created(sessions());
    expect(await sessions().find(OWNER, session.id)).toEqual(session);
    expect(await sessions().find('somebody', session.id)).toBeNull();
    expect(await sessions().find(OWNER, UNKNOWN)).toBeNull();
    expect(await sessions().get(session.id)).toEqual(session);
    expect(await sessions().get(UNKNOWN)).toBeNull();
  });

  test('text is kept exactly', async () => {
    const texts = fc.tuple(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      fc.constantFrom(
        '',
        '\0',
        'a\0b',
        '\ud800',
        '\udfff\ud800',
        '\u202egnp.exe',
        'e\u0301',
        '\u00e9',
        '\'"`;--',
      ),
    );
    await fc.assert(
      fc.asyncProperty(texts, async ([one, other]) => {
        const text = {
          owner: one + other,
          name: one,
          relativePath: other,
          type: one,
          metadata: { [other]: one },
        };
        const session = await created(sessions(), text);
        expect(session).toMatchObject(text);
        expect(await sessions().find(text.owner, session.id)).toEqual(session);
        expect((await sessions().list({ owner: text.owner, limit: 1 })).items).toEqual([session]);
      }),
      { numRuns: 50 },
    );
  });

  test('owners that differ in a lone surrogate alone are two', async () => {
    const { id } = await created(sessions(), { owner: '\ud800' });
    expect(await sessions().find('\ud801', id)).toBeNull();
    expect(await sessions().find('\ufffd', id)).toBeNull();
  });

  test('content finds the newest live session that declared it', async () => {
    const content = { hash: fileHash('content'), size: 10, chunkSize: 4 };
    const same = { declaredHash: content.hash };
    expect(await sessions().findByContent(OWNER, content)).toBeNull();
    const older = await created(sessions(), { ...same, name: 'a' }, T0);
    const newer = await created(sessions(), { ...same, name: 'b' }, T0 + 1);
    await created(sessions(), { ...same, owner: 'somebody' }, T0 + 2);
    await created(sessions(), { ...same, size: 11 }, T0 + 2);
    expect((await sessions().findByContent(OWNER, content))?.id).toBe(newer.id);
    await sessions().abort(OWNER, newer.id, T0);
    expect((await sessions().findByContent(OWNER, content))?.id).toBe(older.id);
    expect(await sessions().findCompleted(OWNER, content)).toBeNull();
    await sendAll(sessions(), older);
    await complete(sessions(), older.id);
    expect((await sessions().findCompleted(OWNER, content))?.id).toBe(older.id);
    expect((await sessions().findByContent(OWNER, content))?.id).toBe(older.id);
    expect(await sessions().findCompleted('somebody', content)).toBeNull();
    await sessions().markGone(older.id, T0);
    expect(await sessions().findCompleted(OWNER, content)).toBeNull();
  });

  test('a derived hash makes a source to copy from, not a session to resume', async () => {
    const { id } = await inStatus(sessions(), 'completed', { declaredHash: null });
    const { hash } = await existing(sessions(), id);
    const content = { hash: hash ?? '', size: 10, chunkSize: 4 };
    expect((await sessions().findCompleted(OWNER, content))?.id).toBe(id);
    expect(await sessions().findByContent(OWNER, content)).toBeNull();
  });

  test('lists go from the newest to the oldest, page by page, each owner alone', async () => {
    const times = [5, 3, 5, 1, 5, 2, 4];
    const made = await Promise.all(times.map((time) => created(sessions(), {}, T0 + time)));
    await created(sessions(), { owner: 'somebody' });
    const wanted = made
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
      .map(({ id }) => id);
    for (const limit of [1, 2, 3, 7, 100]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await sessions().list({ owner: OWNER, limit, cursor });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(wanted);
    }
    const aborted = wanted.filter((_, position) => position % 2);
    for (const id of aborted) await sessions().abort(OWNER, id, T0);
    const page = await sessions().list({ owner: OWNER, statuses: ['aborted'], limit: 2 });
    expect(page.items.map(({ id }) => id)).toEqual(aborted.slice(0, 2));
    const rest = await sessions().list({
      owner: OWNER,
      statuses: ['aborted'],
      limit: 2,
      cursor: page.nextCursor,
    });
    expect([rest.items.map(({ id }) => id), rest.nextCursor]).toEqual([aborted.slice(2), undefined]);

    const expired = (await sessions().expire(Number.MAX_SAFE_INTEGER, 2)).map(({ id }) => id);
    expect(expired).toHaveLength(2);
    const several: string[] = [];
    let cursor: string | undefined;
    do {
      const statuses = ['aborted', 'receiving', 'aborted'] as const;
      const page = await sessions().list({ owner: OWNER, statuses, limit: 2, cursor });
      several.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(several).toEqual(wanted.filter((id) => !expired.includes(id)));
  });

  test.each(['', 'x', '!', 'MS4', Buffer.from('-1.A').toString('base64url')])(
    '%j is no cursor',
    async (cursor) => {
      await expect(sessions().list({ owner: OWNER, limit: 1, cursor })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    },
  );

  test('pages of a status go over all owners by id', async () => {
    const made = await Promise.all(['a', 'b', 'a', 'c'].map((owner) => created(sessions(), { owner })));
    await inStatus(sessions(), 'aborted');
    const ids = made.map(({ id }) => id).sort();
    const first = await sessions().page('receiving', null, 3);
    expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect((await sessions().page('receiving', ids[2] ?? '', 3)).map(({ id }) => id)).toEqual(ids.slice(3));
  });

  test('resumable chunk sizes are those of live chunked sessions with a declared hash, newest first', async () => {
    const size = 1000;
    await created(sessions(), { size, chunkSize: 100 }, T0);
    await created(sessions(), { size, chunkSize: 200 }, T0 + 1);
    await created(sessions(), { size, chunkSize: 100 }, T0 + 2);
    await created(sessions(), { size, chunkSize: 300, declaredHash: null }, T0 + 3);
    await created(sessions(), { size, chunkSize: 400, owner: 'somebody' }, T0 + 3);
    await created(sessions(), { size, chunkSize: 1000, mode: 'single' }, T0 + 3);
    await inStatus(sessions(), 'aborted', { size, chunkSize: 500 });
    expect(await sessions().resumableChunkSizes(OWNER, size, 8)).toEqual([100, 200]);
    expect(await sessions().resumableChunkSizes(OWNER, size, 1)).toEqual([100]);
    expect(await sessions().resumableChunkSizes(OWNER, 999, 8)).toEqual([]);
  });

  test('statuses tell which ids have a row', async () => {
    const { id } = await created(sessions());
    const gone = await inStatus(sessions(), 'gone');
    const statuses = await sessions().statuses([id, UNKNOWN, gone.id, "');--", '\0']);
    expect([...statuses].sort()).toEqual([[id, 'receiving'] as const, [gone.id, 'gone'] as const].sort());
    expect(await sessions().statuses([])).toEqual(new Map());
  });
}
