import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Driver, isOlder, loadDriver } from '../../server/sessions/sqlite/driver.js';
import { createEngine } from '../../server/sessions/sqlite/engine.js';
import { createSqliteSessions } from '../../server/sessions/sqlite/index.js';
import { migrate } from '../../server/sessions/sqlite/migrate.js';
import { migrations } from '../../server/sessions/sqlite/migrations.js';
import { createRepository } from '../../server/sessions/sqlite/repository.js';
import { type Folder, temporaryFolder } from './sqlite-support.js';
import { created, EXPIRY, hashOf, send } from './support.js';

let folder: Folder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const inline = () => createRepository(createEngine(folder), EXPIRY);
const inThread = () => createSqliteSessions({ file: folder.file, lockFile: folder.lockFile, expiry: EXPIRY });

describe('opening', () => {
  test('does nothing before the first use', async () => {
    for (const sessions of [inThread(), inline()]) await sessions[Symbol.asyncDispose]();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('sets what makes commits durable', async () => {
    const engine = createEngine(folder);
    const { sqlite } = await engine.database();
    const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'mmap_size'].map((name) =>
      sqlite.pragma(name, { simple: true }),
    );
    expect(settings).toEqual(['wal', 2, 1, 0]);
    await engine.close();
  });

  test('is done once, however often it is asked for, and after the end never again', async () => {
    const sessions = inThread();
    await Promise.all([sessions.ready(), sessions.ready(), created(sessions)]);
    await Promise.all([sessions[Symbol.asyncDispose](), sessions[Symbol.asyncDispose]()]);
    await expect(sessions.get('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(sessions.ready()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('a second server', () => {
  test('is refused, in this process as well, until the first ends', async () => {
    for (const [one, other] of [
      [inThread, inThread],
      [inThread, inline],
      [inline, inThread],
    ] as const) {
      const [first, second] = [one(), other()];
      await first.ready();
      await expect(second.ready()).rejects.toMatchObject({
        name: 'UploadError',
        code: 'STORE_UNAVAILABLE',
        message: `another Chunkwise server is using ${folder.path}: stop it, or choose another folder`,
      });
      await expect(second.get('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await first[Symbol.asyncDispose]();
      await second.ready();
      await second[Symbol.asyncDispose]();
    }
  });

  test('is refused where the database is another, but the root is the same', async () => {
    const first = inline();
    await first.ready();
    const file = `${folder.path}/other.db`;
    const second = createRepository(createEngine({ ...folder, file }), EXPIRY);
    await expect(second.ready()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(existsSync(file)).toBe(false);
    await first[Symbol.asyncDispose]();
  });
});

describe('what is not our database is refused and left as it is', () => {
  async function refused(message: RegExp): Promise<void> {
    const before = await contents();
    for (const open of [inline, inThread]) {
      const sessions = open();
      await expect(sessions.ready()).rejects.toMatchObject({ code: 'INTERNAL', message });
      await sessions[Symbol.asyncDispose]();
    }
    expect(await contents()).toEqual(before);
  }
  /** SHA-256 of what is in the database and its log. Looking at a database may make an empty log. */
  async function contents(): Promise<string[]> {
    const files = [folder.file, `${folder.file}-wal`].filter((file) => existsSync(file));
    const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')));
    return texts.filter((text) => text !== '').map(hashOf);
  }

  test('another kind of file', async () => {
    await writeFile(folder.file, 'This is a text.\n'.repeat(1000));
    await refused(/is not an SQLite database/);
  });

  test("another program's database", async () => {
    new Database(folder.file).exec('create table notes (text)').close();
    await refused(/is a database of another program/);
  });

  test('a damaged database, with a log that was not moved into it', async () => {
    const engine = createEngine(folder);
    const sessions = createRepository(engine, EXPIRY);
    const session = await created(sessions, { size: 3000, chunkSize: 1 });
    for (let index = 0; index < 2000; index += 100)
      await Promise.all(Array.from({ length: 100 }, (_, n) => send(sessions, session, index + n)));
    const { sqlite } = await engine.database();
    sqlite.pragma('wal_checkpoint(TRUNCATE)');
    await send(sessions, session, 0);
    const [file, log] = await Promise.all([readFile(folder.file), readFile(`${folder.file}-wal`)]);
    await sessions[Symbol.asyncDispose]();
    // As after a crash; a page in the middle is overwritten.
    file.fill(0xa5, 20 * 4096, 40 * 4096);
    await Promise.all([writeFile(folder.file, file), writeFile(`${folder.file}-wal`, log)]);
    await refused(/is damaged: restore it from a backup/);
  });

  test('a database of a newer version', async () => {
    const engine = createEngine(folder);
    const { sqlite } = await engine.database();
    migrate(sqlite, folder.file, [
      ...migrations,
      { tag: '9999_later', statements: ['create table later (a)'] },
    ]);
    await engine.close();
    await refused(/was made by a newer version of Chunkwise \(migration 9999_later\)/);
  });

  test('a lock file that is something else', async () => {
    await writeFile(folder.lockFile, 'This is a text.\n'.repeat(1000));
    await refused(/is not Chunkwise's lock/);
  });
});

describe('migrations', () => {
  test('the bundle is what drizzle-kit has written', async () => {
    const files = new URL('../../server/sessions/sqlite/migrations/', import.meta.url);
    const journal = JSON.parse(await readFile(new URL('meta/_journal.json', files), 'utf8'));
    const written = journal.entries.map(({ tag }: { tag: string }) => tag);
    expect(migrations.map(({ tag }) => tag)).toEqual(written);
    expect((await readdir(files)).filter((name) => name.endsWith('.sql')).sort()).toEqual(
      written.map((tag: string) => `${tag}.sql`).sort(),
    );
    for (const { tag, statements } of migrations) {
      const sql = await readFile(new URL(`${tag}.sql`, files), 'utf8');
      expect(statements.join('\n')).toBe(sql.replaceAll(/\s*--> statement-breakpoint\s*/g, '\n').trim());
    }
  });

  test('a migration that fails leaves nothing behind, and earlier ones stay', () => {
    const sqlite = new Database(':memory:');
    const first = { tag: 'a', statements: ['create table one (x)'] };
    const second = { tag: 'b', statements: ['create table two (x)', 'create nonsense'] };
    expect(() => migrate(sqlite, 'db', [first, second])).toThrow(/nonsense/);
    const tables = () => sqlite.prepare("select name from sqlite_master where type = 'table'").pluck().all();
    expect(tables()).toEqual(['chunkwise_migrations', 'one']);
    migrate(sqlite, 'db', [first, { tag: 'b', statements: ['create table two (x)'] }]);
    expect(tables()).toEqual(['chunkwise_migrations', 'one', 'two']);
    expect(() => migrate(sqlite, 'db', [first])).toThrow(/newer version/);
  });
});

describe('the driver', () => {
  const failing = (error: unknown) => loadDriver(() => Promise.reject(error));

  test('where it is missing, the error says what to install', async () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    await expect(failing(missing)).rejects.toThrow('npm install better-sqlite3@12');
    const broken = Object.assign(new Error('wrong ABI'), { code: 'ERR_DLOPEN_FAILED' });
    await expect(failing(broken)).rejects.toThrow('npm rebuild better-sqlite3');
  });

  test('an SQLite that can corrupt databases is refused', async () => {
    class Old extends (Database as unknown as new (file: string) => Database.Database) {
      override prepare(): never {
        return { pluck: () => ({ get: () => '3.51.2' }) } as never;
      }
    }
    const old = { Database: Old, drizzle } as unknown as Driver;
    await expect(loadDriver(async () => old)).rejects.toThrow('SQLite 3.51.2 can corrupt databases');
  });

  test.each([
    ['3.51.2', true],
    ['3.51.3', false],
    ['3.51.10', false],
    ['3.53', false],
    ['3.9.9', true],
    ['4', false],
  ])('%s is older than 3.51.3: %s', (version, older) => {
    expect(isOlder(version, '3.51.3')).toBe(older);
  });
});
