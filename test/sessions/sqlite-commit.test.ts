import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_CALLS_PER_COMMIT } from '../../contract/index.js';
import type { Sessions } from '../../server/sessions/sessions.js';
import { commitTogether } from '../../server/sessions/sqlite/commit.js';
import { createEngine, type Engine } from '../../server/sessions/sqlite/engine.js';
import { toFault } from '../../server/sessions/sqlite/faults.js';
import type { Call, Connection } from '../../server/sessions/sqlite/protocol.js';
import { createRepository } from '../../server/sessions/sqlite/repository.js';
import { type Folder, temporaryFolder } from './sqlite-support.js';
import {
  acceptanceOf,
  claimChunk,
  created,
  EXPIRY,
  existing,
  inStatus,
  newUpload,
  OWNER,
  send,
  T0,
  UNLIMITED,
} from './support.js';

let folder: Folder;
let engine: Engine;
let batches: (readonly Call[])[];
let sessions: Sessions;

beforeEach(async () => {
  folder = await temporaryFolder();
  engine = createEngine(folder);
  batches = [];
  const recorded: Connection = {
    ...engine,
    run(calls) {
      batches.push(calls);
      return engine.run(calls);
    },
  };
  sessions = createRepository(recorded, EXPIRY);
  await sessions.ready();
});
afterEach(async () => {
  await sessions[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** The write-ahead log: every commit that changes something adds to it. */
const log = () => readFile(`${folder.file}-wal`, 'base64');

describe('group commit', () => {
  test('calls that come together share one commit, in their order', async () => {
    const session = await created(sessions, { size: 100, chunkSize: 1 });
    const claims = await Promise.all(Array.from({ length: 50 }, (_, n) => claimChunk(sessions, session, n)));
    batches.length = 0;
    const outcomes = await Promise.all(
      claims.map((claim) => sessions.accept(claim, acceptanceOf(session, claim.index))),
    );
    expect(batches.map((calls) => calls.length)).toEqual([50]);
    expect(outcomes.map((outcome) => outcome.kind === 'accepted' && outcome.session.lastSeq)).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
  });

  test('what comes while a batch is at the database becomes the next one', async () => {
    const first = sessions.get('a');
    await Promise.resolve();
    await Promise.resolve();
    expect(batches).toHaveLength(1);
    await Promise.all([first, sessions.get('b'), sessions.get('c')]);
    expect(batches.map((calls) => calls.map(({ args }) => args))).toEqual([
      [{ id: 'a' }],
      [{ id: 'b' }, { id: 'c' }],
    ]);
  });

  test('a batch is bounded', async () => {
    await Promise.all(Array.from({ length: 2 * MAX_CALLS_PER_COMMIT + 1 }, () => sessions.get('x')));
    expect(batches.map((calls) => calls.length)).toEqual([MAX_CALLS_PER_COMMIT, MAX_CALLS_PER_COMMIT, 1]);
  });

  test('a call that fails does so alone', async () => {
    const upload = newUpload();
    const outcomes = await Promise.allSettled([
      created(sessions, { owner: 'before' }),
      sessions.create(upload, UNLIMITED, T0),
      // The same id for another file is a bug of the caller.
      sessions.create({ ...upload, name: 'other' }, UNLIMITED, T0),
      created(sessions, { owner: 'after' }),
    ]);
    expect(batches).toHaveLength(1);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[2]).toMatchObject({ reason: { name: 'UploadError', code: 'INTERNAL' } });
    expect((await existing(sessions, upload.id)).name).toBe(upload.name);
    for (const owner of ['before', 'after'])
      expect((await sessions.list({ owner, limit: 9 })).items).toHaveLength(1);
  });

  test('what a failing call had written is taken back', async () => {
    const source = await inStatus(sessions, 'completed');
    const { sqlite } = await engine.database();
    sqlite.prepare('delete from chunks where upload_id = ? and "index" = 1').run(source.id);
    const copy = newUpload({ name: 'copy', declaredHash: source.declaredHash, copyFrom: source.id });
    const [outcome] = await Promise.allSettled([sessions.create(copy, UNLIMITED, T0), created(sessions)]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
    expect(await sessions.get(copy.id)).toBeNull();
    expect(await sessions.chunks(copy.id, 0, 9)).toEqual([]);
  });

  test('reading, and a claim that moves no expiry, write nothing', async () => {
    const session = await created(sessions);
    await send(sessions, session, 0);
    const before = await log();
    await Promise.all([
      sessions.find(OWNER, session.id),
      sessions.list({ owner: OWNER, limit: 9 }),
      sessions.missing(session.id, 9),
      sessions.unsynced(null, 9),
      sessions.touch(session.id, T0 + 1000),
      sessions.expire(T0, 9),
      sessions.takeLease('me', 1, T0),
    ]);
    await sessions.release(await claimChunk(sessions, session, 1, T0 + 1000));
    expect(await log()).toBe(before);
    await send(sessions, session, 1);
    expect(await log()).not.toBe(before);
  });
});

describe('when the disk fails', () => {
  /** Nothing more fits into the database, as on a full disk. */
  async function fill(): Promise<() => void> {
    const { sqlite } = await engine.database();
    sqlite.pragma(`max_page_count = ${sqlite.pragma('page_count', { simple: true })}`);
    return () => sqlite.pragma('max_page_count = 1000000');
  }
  const FULL = { status: 'rejected', reason: { name: 'UploadError', code: 'STORAGE_FULL', retryable: true } };

  test('a full disk fails the batch, changes nothing, and is over when there is room', async () => {
    const session = await created(sessions, { size: 200, chunkSize: 1 });
    const acceptAll = async () => {
      const indexes = Array.from({ length: 200 }, (_, index) => index);
      const claims = await Promise.all(indexes.map((index) => claimChunk(sessions, session, index)));
      return Promise.allSettled(
        claims.map((claim) => sessions.accept(claim, acceptanceOf(session, claim.index))),
      );
    };
    const makeRoom = await fill();
    expect(await acceptAll()).toMatchObject(Array.from({ length: 200 }, () => FULL));
    expect(await existing(sessions, session.id)).toEqual(session);
    expect(await sessions.chunks(session.id, 0, 1)).toEqual([]);
    // The claims ended with their failed acceptances.
    await sessions.whenUnclaimed(session.id);
    makeRoom();
    for (const outcome of await acceptAll())
      expect(outcome).toMatchObject({ status: 'fulfilled', value: { kind: 'accepted' } });
    expect(await existing(sessions, session.id)).toMatchObject({ status: 'assembling', receivedBytes: 200 });
  });

  test('what still fits is kept where SQLite takes back one call alone', async () => {
    const session = await created(sessions);
    const held = await claimChunk(sessions, session, 0);
    await fill();
    const large = newUpload({ metadata: { text: 'x'.repeat(9000) } });
    const outcomes = await Promise.allSettled([
      sessions.accept(held, acceptanceOf(session, 0)),
      sessions.create(large, UNLIMITED, T0),
    ]);
    expect(batches.at(-1)).toHaveLength(2);
    expect(outcomes).toMatchObject([{ status: 'fulfilled', value: { kind: 'accepted' } }, FULL]);
    expect((await existing(sessions, session.id)).receivedChunks).toBe(1);
    expect(await sessions.get(large.id)).toBeNull();
  });

  test('a commit that fails fails all its calls, and the next transaction begins anew', async () => {
    const session = await created(sessions);
    const open = await engine.database();
    const ids = ['a', 'b'];
    const calls = ids.map((bootId): Call => ({ name: 'markBoot', args: { bootId } }));
    const full = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
    const failing = new Proxy(open.sqlite, {
      get(sqlite, key) {
        if (key === 'exec')
          return (text: string) => {
            if (text === 'COMMIT') throw full;
            return sqlite.exec(text);
          };
        return Reflect.get(sqlite, key, sqlite);
      },
    });
    const answers = commitTogether({ ...open, sqlite: failing }, calls);
    expect(answers).toMatchObject(ids.map(() => ({ fault: { code: 'STORE_UNAVAILABLE' } })));
    expect(open.sqlite.inTransaction).toBe(false);
    expect(open.sqlite.prepare('select count(*) from meta').pluck().get()).toBe(0);
    expect(await existing(sessions, session.id)).toEqual(session);
  });

  test("another program's lock is waited for shortly, then the call can be repeated", async () => {
    const { sqlite } = await engine.database();
    const Other = sqlite.constructor as new (file: string) => typeof sqlite;
    const other = new Other(folder.file);
    other.exec('BEGIN IMMEDIATE');
    await expect(sessions.create(newUpload(), UNLIMITED, T0)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
    // Reading goes on meanwhile.
    expect((await sessions.list({ owner: OWNER, limit: 1 })).items).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    await created(sessions);
  });

  test.each([
    ['SQLITE_FULL', 'STORAGE_FULL'],
    ['ENOSPC', 'STORAGE_FULL'],
    ['SQLITE_BUSY_SNAPSHOT', 'STORE_UNAVAILABLE'],
    ['SQLITE_LOCKED', 'STORE_UNAVAILABLE'],
    ['SQLITE_IOERR_WRITE', 'STORE_UNAVAILABLE'],
    ['SQLITE_CANTOPEN', 'STORE_UNAVAILABLE'],
    ['SQLITE_READONLY_DIRECTORY', 'STORE_UNAVAILABLE'],
    ['SQLITE_CONSTRAINT_UNIQUE', 'INTERNAL'],
    ['SQLITE_CORRUPT', 'INTERNAL'],
    ['', 'INTERNAL'],
  ])('%s is %s, also where it is wrapped', (code, wanted) => {
    const error = Object.assign(new Error('no'), code && { code });
    expect(toFault(error)).toMatchObject({ code: wanted, message: null });
    expect(toFault(new Error('wrapped', { cause: error })).code).toBe(wanted);
  });
});

test('the log does not grow without bound', async () => {
  const session = await created(sessions, { size: 5000, chunkSize: 1 });
  for (let index = 0; index < 600; index++) await send(sessions, session, index);
  expect((await stat(`${folder.file}-wal`)).size).toBeLessThan(8 * 1024 * 1024);
});
