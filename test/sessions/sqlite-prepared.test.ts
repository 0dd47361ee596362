import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEngine, type Engine } from '../../server/sessions/sqlite/engine.js';
import { createRepository } from '../../server/sessions/sqlite/repository.js';
import { type Folder, temporaryFolder } from './sqlite-support.js';
import { created, EXPIRY } from './support.js';

let folder: Folder;
let engine: Engine;

beforeEach(async () => {
  folder = await temporaryFolder();
  engine = createEngine(folder);
});
afterEach(async () => {
  await engine.close();
  await folder[Symbol.asyncDispose]();
});

/** The statements that are compiled while `run` runs. */
async function compiled(run: () => Promise<unknown>): Promise<string[]> {
  const { sqlite } = await engine.database();
  const texts: string[] = [];
  const { prepare } = sqlite;
  sqlite.prepare = ((text: string) => {
    texts.push(text);
    return prepare.call(sqlite, text);
  }) as typeof prepare;
  await run();
  sqlite.prepare = prepare;
  return texts;
}

test('null is given to a prepared query as NULL, not as a text', async () => {
  await created(createRepository(engine, EXPIRY), { relativePath: null, type: null, metadata: null });
  const { sqlite } = await engine.database();
  const row = sqlite.prepare('select relative_path, type, metadata, metadata_hash from uploads').get();
  expect(row).toEqual({ relative_path: null, type: null, metadata: null, metadata_hash: null });
});

test('a query is compiled once for each connection', async () => {
  const sessions = createRepository(engine, EXPIRY);
  expect(await compiled(() => sessions.get('a'))).toHaveLength(1);
  expect(await compiled(() => sessions.get('b'))).toEqual([]);
  await engine.close();
  expect(await compiled(() => sessions.get('c'))).toHaveLength(1);
});
