import { expect, test } from 'vitest';
import type { NewUpload, Quota } from '../../../server/sessions/sessions.js';
import {
  complete,
  created,
  DAY,
  EXPIRY,
  existing,
  type Fixture,
  fileHash,
  HOUR,
  inStatus,
  leased,
  newUpload,
  send,
  sendAll,
  T0,
  UNLIMITED,
} from '../support.js';

export function creating(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;

  test('a new session begins empty and is there after a restart', async () => {
    const upload = newUpload({ metadata: { a: [1, null] }, type: 'video/mp4', lastModified: 5 });
    const { session } = (await sessions().create(upload, UNLIMITED, T0)) as { session: unknown };
    expect(session).toMatchObject({
      ...upload,
      status: 'receiving',
      hash: upload.declaredHash,
      receivedChunks: 0,
      receivedBytes: 0,
      lastReceived: null,
      lastSeq: 0,
      staged: true,
      createdAt: T0,
      expiresAt: T0 + DAY,
      endedAt: null,
    });
    expect(await (await fixture().restart()).get(upload.id)).toEqual(session);
  });

  test('racing calls with one identity get one session', async () => {
    const same = { declaredHash: fileHash('race') };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => sessions().create(newUpload(same), UNLIMITED, T0)),
    );
    const kinds = outcomes.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'created')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'joined')).toHaveLength(19);
    expect(new Set(outcomes.map((outcome) => outcome.kind !== 'quota' && outcome.session.id)).size).toBe(1);
  });

  const identity = {
    declaredHash: fileHash('identity'),
    relativePath: 'a/film.mp4',
    metadata: { post: 1, tags: [{ a: [2, 1], b: 1 }] },
  };
  test.each<[string, Partial<NewUpload>]>([
    ['owner', { owner: 'somebody' }],
    ['policy', { policy: 'films' }],
    ['hash', { declaredHash: fileHash('else') }],
    ['size', { size: 11 }],
    ['chunk size', { chunkSize: 5 }],
    ['name', { name: 'film' }],
    ['relative path', { relativePath: 'b/film.mp4' }],
    ['no relative path', { relativePath: null }],
    ['a lone surrogate', { name: '\ud800' }],
    ['metadata', { metadata: { post: 2, tags: [{ b: 1, a: [2, 1] }] } }],
    ['order in a list of the metadata', { metadata: { post: 1, tags: [{ a: [1, 2], b: 1 }] } }],
    ['empty metadata', { metadata: {} }],
    ['no metadata', { metadata: null }],
  ])('another %s is another upload', async (_, other) => {
    await created(sessions(), identity);
    await created(sessions(), { ...identity, ...other });
    expect((await sessions().create(newUpload(identity), UNLIMITED, T0)).kind).toBe('joined');
  });

  test('metadata are the same in whatever order their members come', async () => {
    const session = await created(sessions(), identity);
    const turned = { ...identity, metadata: { tags: [{ b: 1, a: [2, 1] }], post: 1 } };
    expect(await sessions().create(newUpload(turned), UNLIMITED, T0)).toMatchObject({
      kind: 'joined',
      session: { id: session.id, metadata: identity.metadata },
    });
  });

  test('without a relative path, and with an empty one, identities are told apart too', async () => {
    const declaredHash = fileHash('none');
    await created(sessions(), { declaredHash, relativePath: null });
    await created(sessions(), { declaredHash, relativePath: '' });
    for (const relativePath of [null, ''])
      expect(await sessions().create(newUpload({ declaredHash, relativePath }), UNLIMITED, T0)).toMatchObject(
        {
          kind: 'joined',
          session: { relativePath },
        },
      );
  });

  test('without a declared hash nothing matches', async () => {
    await created(sessions(), { declaredHash: null });
    await created(sessions(), { declaredHash: null });
  });

  test.each(['receiving', 'assembling', 'completed'] as const)(
    'a session in %s is joined',
    async (status) => {
      const { id, declaredHash } = await inStatus(sessions(), status);
      const outcome = await sessions().create(newUpload({ declaredHash }), UNLIMITED, T0);
      expect(outcome).toMatchObject({ kind: 'joined', session: { id, status } });
    },
  );

  test.each(['failed', 'aborted', 'expired', 'gone'] as const)(
    'a session in %s is not joined',
    async (status) => {
      const { declaredHash } = await inStatus(sessions(), status);
      expect((await sessions().create(newUpload({ declaredHash }), UNLIMITED, T0)).kind).toBe('created');
    },
  );

  test('joining puts off the expiry; after its whole lifetime a session is replaced', async () => {
    const { id, declaredHash } = await created(sessions());
    const join = (now: number) => sessions().create(newUpload({ declaredHash }), UNLIMITED, now);
    expect(await join(T0 + HOUR)).toMatchObject({ kind: 'joined', session: { expiresAt: T0 + HOUR + DAY } });
    expect(await sessions().expire(T0 + DAY, 10)).toEqual([]);
    expect((await join(T0 + EXPIRY.maxLifetimeMs)).kind).toBe('created');
    expect(await existing(sessions(), id)).toMatchObject({
      status: 'expired',
      endedAt: T0 + EXPIRY.maxLifetimeMs,
    });
  });

  test.each<[string, Quota]>([
    ['bytes', { maxBytes: 35, maxUploads: null }],
    ['uploads', { maxBytes: null, maxUploads: 3 }],
  ])('a race never takes more than the quota of %s', async (_, quota) => {
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => sessions().create(newUpload(), quota, T0)),
    );
    expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(3);
    expect(outcomes.filter(({ kind }) => kind === 'quota')).toHaveLength(7);
    expect((await sessions().create(newUpload({ owner: 'somebody' }), quota, T0)).kind).toBe('created');
  });

  test('live uploads count in the quota, ended ones do not', async () => {
    const quota = { maxBytes: 30, maxUploads: null };
    for (const status of ['gone', 'failed', 'aborted', 'expired', 'completed', 'assembling'] as const)
      await inStatus(sessions(), status);
    expect((await sessions().create(newUpload(), quota, T0)).kind).toBe('created');
    expect((await sessions().create(newUpload({ size: 1 }), quota, T0)).kind).toBe('quota');
  });

  test('a copy of a completed upload begins in assembling with its chunks', async () => {
    const source = await inStatus(sessions(), 'completed');
    const copy = await created(sessions(), {
      name: 'other.mp4',
      declaredHash: source.declaredHash,
      copyFrom: source.id,
    });
    expect(copy).toMatchObject({
      status: 'assembling',
      copyFrom: source.id,
      receivedChunks: 3,
      receivedBytes: 10,
      lastReceived: source.lastReceived,
    });
    const records = await sessions().chunks(source.id, 0, 10);
    expect(await sessions().chunks(copy.id, 0, 10)).toEqual(records.map((one) => ({ ...one, writer: null })));
    expect((await sessions().takeLease('me', 1, T0, copy.id))?.session.id).toBe(copy.id);
  });

  test.each<[string, Partial<NewUpload>]>([
    ['of another owner', { owner: 'somebody' }],
    ['of another content', { declaredHash: fileHash('else') }],
    ['of an unknown hash', { declaredHash: null }],
    ['of another size', { size: 11 }],
    ['that is not there', { copyFrom: '01J00000000000000000000000' }],
  ])('a source %s is not copied', async (_, over) => {
    const source = await inStatus(sessions(), 'completed');
    const upload = { name: 'other.mp4', declaredHash: source.declaredHash, copyFrom: source.id, ...over };
    expect(await created(sessions(), upload)).toMatchObject({
      status: 'receiving',
      copyFrom: null,
      receivedChunks: 0,
    });
  });

  test('a source that is not completed is not copied', async () => {
    for (const status of ['receiving', 'assembling', 'gone'] as const) {
      const { id, declaredHash } = await inStatus(sessions(), status);
      const copy = await created(sessions(), { name: 'other', declaredHash, copyFrom: id });
      expect(copy).toMatchObject({ status: 'receiving', copyFrom: null });
    }
  });

  test('a copy whose source is gone receives the file after all', async () => {
    const { id, declaredHash } = await inStatus(sessions(), 'completed');
    const copy = await created(sessions(), { name: 'other', declaredHash, copyFrom: id });
    await sessions().reopen(await leased(sessions(), copy.id), null, T0);
    const reopened = await existing(sessions(), copy.id);
    expect(reopened).toMatchObject({
      status: 'receiving',
      copyFrom: null,
      receivedChunks: 0,
      receivedBytes: 0,
    });
    await send(sessions(), reopened, 2);
    await sendAll(sessions(), reopened);
    expect((await complete(sessions(), copy.id)).status).toBe('completed');
  });
}
