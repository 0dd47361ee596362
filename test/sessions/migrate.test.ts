import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrateUploads } from '../../server/migrate-uploads.js';
import { createEngine } from '../../server/sessions/sqlite/engine.js';
import { MIGRATIONS_TABLE, migrate } from '../../server/sessions/sqlite/migrate.js';
import { migrations } from '../../server/sessions/sqlite/migrations.js';
import { createRepository } from '../../server/sessions/sqlite/repository.js';
import { createUploads } from '../../server/uploads.js';
import { type Folder, temporaryFolder } from './sqlite-support.js';
import { created, EXPIRY } from './support.js';

const TAGS = migrations.map(({ tag }) => tag);
const LAST = TAGS.at(-1);

let folder: Folder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

function server(options: object = {}) {
  const log = { info() {}, warn() {}, error() {} };
  return createUploads({ root: folder.path, owner: 'shared', migrate: 'manual', log, ...options });
}

/** A database as an earlier version has left it: without the last migration. */
function earlier(file = folder.file): void {
  const sqlite = new Database(file);
  sqlite.pragma('journal_mode = WAL');
  migrate(sqlite, file, migrations.slice(0, -1));
  sqlite.close();
}

function appliedIn(file: string): unknown[] {
  const sqlite = new Database(file, { readonly: true });
  try {
    return sqlite.prepare(`select tag from ${MIGRATIONS_TABLE} order by id`).pluck().all();
  } finally {
    sqlite.close();
  }
}

describe("migrate: 'manual'", () => {
  test('refuses a new root, makes no database, and says what to run; then it starts', async () => {
    await using uploads = server();
    const needed = `${folder.file} needs the migrations ${TAGS.join(', ')}: run \`chunkwise migrate --root ${folder.path}\` or migrateUploads() while no server runs, or set the option migrate to 'auto'`;
    for (let time = 0; time < 2; time++)
      await expect(uploads.ready()).rejects.toMatchObject({
        name: 'UploadError',
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        message: needed,
      });
    expect(existsSync(folder.file)).toBe(false);
    expect(await migrateUploads({ root: folder.path })).toEqual({ database: folder.file, applied: TAGS });
    await uploads.ready();
    expect(appliedIn(folder.file)).toEqual(TAGS);
  });

  test('refuses a database that lacks one migration, and leaves it as it is', async () => {
    earlier();
    const before = await readFile(folder.file);
    await using uploads = server();
    await expect(uploads.ready()).rejects.toThrow(`${folder.file} needs the migration ${LAST}: run`);
    expect(Buffer.compare(await readFile(folder.file), before)).toBe(0);
    expect((await migrateUploads({ root: folder.path })).applied).toEqual([LAST]);
    await uploads.ready();
  });

  test('is asked for nothing once all are applied', async () => {
    await migrateUploads({ root: folder.path });
    await using uploads = server();
    await uploads.ready();
  });

  test('names a database that lies elsewhere, in words for a shell', async () => {
    const database = path.join(folder.path, `Ann's "files".db`);
    await using uploads = server({ database });
    await expect(uploads.ready()).rejects.toThrow(
      `chunkwise migrate --root ${folder.path} --database '${folder.path}/Ann'\\''s "files".db'\``,
    );
    await migrateUploads({ root: folder.path, database });
    await uploads.ready();
  });

  test('is one of two words: another one would migrate unasked', () => {
    expect(() => server({ migrate: 'manuel' })).toThrow(
      "The option migrate is manuel: give 'auto' or 'manual'.",
    );
  });
});

test('without it a start migrates', async () => {
  earlier();
  await using uploads = server({ migrate: undefined });
  await uploads.ready();
  expect(appliedIn(folder.file)).toEqual(TAGS);
});

describe('migrateUploads', () => {
  test('applies each migration once, also where two run at the same time', async () => {
    const runs = await Promise.allSettled([1, 2, 3].map(() => migrateUploads({ root: folder.path })));
    for (const run of runs)
      if (run.status === 'rejected') expect(run.reason).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await migrateUploads({ root: folder.path })).toEqual({ database: folder.file, applied: [] });
    expect(appliedIn(folder.file)).toEqual(TAGS);
  });

  test('keeps what is stored', async () => {
    const sessions = createRepository(createEngine(folder), EXPIRY);
    const session = await created(sessions);
    await sessions[Symbol.asyncDispose]();
    await migrateUploads({ root: folder.path });
    const again = createRepository(createEngine(folder), EXPIRY);
    expect(await again.get(session.id)).toMatchObject({ id: session.id, name: session.name });
    await again[Symbol.asyncDispose]();
  });

  test('never touches a database that a server holds', async () => {
    await using uploads = server({ migrate: 'auto' });
    await uploads.ready();
    await expect(migrateUploads({ root: folder.path })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: `another Chunkwise server is using ${folder.path}: stop it, or choose another folder`,
    });
    const database = path.join(folder.path, 'other.db');
    await expect(migrateUploads({ root: folder.path, database })).rejects.toThrow('another Chunkwise server');
    expect(existsSync(database)).toBe(false);
  });

  test('never touches a database of another root, which may be in use there', async () => {
    const database = path.join(folder.path, 'shared.db');
    earlier(database);
    const sqlite = new Database(database);
    sqlite.exec(`insert into meta (key, value) values ('root_id', 'another');
      insert into uploads (id, owner, policy, name, size, mode, chunk_size, total, status, created_at, expires_at)
      values ('x', 'ann', 'default', 'film', 1, 'single', 1, 1, 'receiving', 0, 0)`);
    sqlite.close();
    await expect(migrateUploads({ root: path.join(folder.path, 'root'), database })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('belongs to another root'),
    });
    expect(appliedIn(database)).toEqual(TAGS.slice(0, -1));
  });

  test('never touches the database of a running server, by whatever root it is named', async () => {
    await using uploads = server({ migrate: 'auto' });
    await uploads.ready();
    const root = path.join(folder.path, 'elsewhere');
    await expect(migrateUploads({ root, database: folder.file })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('another Chunkwise server'),
    });
  });

  test('makes a root that is not there yet', async () => {
    const root = path.join(folder.path, 'new', 'root');
    await migrateUploads({ root });
    expect((await readdir(root)).sort()).toEqual(['chunkwise.db', 'chunkwise.lock']);
  });

  test('refuses what is not its database, and leaves it as it is', async () => {
    await writeFile(folder.file, 'This is a text.\n'.repeat(1000));
    await expect(migrateUploads({ root: folder.path })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('is not an SQLite database'),
    });
    expect(await readFile(folder.file, 'utf8')).toBe('This is a text.\n'.repeat(1000));
  });

  test('refuses a database of a newer version', async () => {
    const sqlite = new Database(folder.file);
    migrate(sqlite, folder.file, [...migrations, { tag: '9999_later', statements: ['create table a (b)'] }]);
    sqlite.close();
    await expect(migrateUploads({ root: folder.path })).rejects.toThrow(/newer version of Chunkwise/);
  });

  test('says what is in the way of the root', async () => {
    await mkdir(path.join(folder.path, 'parent'));
    await writeFile(path.join(folder.path, 'parent', 'file'), '');
    const root = path.join(folder.path, 'parent', 'file', 'root');
    await expect(migrateUploads({ root })).rejects.toMatchObject({ name: 'UploadError' });
  });
});
