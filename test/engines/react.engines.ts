import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareFiles, writeRandomFile } from '../../cli/demo/files.js';
import { MiB } from '../../contract/index.js';
import { startApp } from '../examples/support/app.js';
import { buildApp, copyApp, showApp } from '../examples/support/built-app.js';
import { filesBelow } from '../support/carry.js';
import { ENGINES } from './support/engines.js';
import { spyFile, watched } from './support/spy.js';
import { createTabs } from './support/tab.js';

/** Chunks of 1 MiB, as the example has them; the last one is so small that the page hashes it. */
const CHUNKS = 64;
const SIZE = CHUNKS * MiB + 1;

let stop: (() => PromiseLike<void>)[] = [];
let [folder, url] = ['', ''];

beforeAll(async () => {
  const app = await copyApp('react-vite');
  folder = app.path;
  const server = await startApp(path.join(folder, 'server.ts'), { ROOT: path.join(folder, 'data') });
  expect(await buildApp(folder)).toBe('');
  const built = path.join(folder, 'dist');
  const index = path.join(built, 'index.html');
  await writeFile(index, watched(await readFile(index, 'utf8')));
  for (const [name, text] of spyFile) await writeFile(path.join(built, name), text);
  const shown = await showApp(folder, server.url);
  url = shown.url;
  stop = [shown, server, app].map((one) => () => one[Symbol.asyncDispose]());
});
afterAll(async () => {
  for (const end of stop) await end();
});

test.each(ENGINES)('the example with React and Vite uploads, %s', async (name, start) => {
  await using session = await start();
  const tab = await createTabs(session).open();
  await tab.goto(url);
  const file = path.join(folder, `${name}.jpg`);
  await writeRandomFile(file, SIZE);
  await tab.type('input[maxlength]', ' at sea');
  await tab.type('input[type=file]', file);
  await tab.see('Stored in Summer at sea', 120_000);
  await tab.see('1 of 1 uploaded.');
  const stored = filesBelow(path.join(folder, 'data'), 'files').filter((one) => one.endsWith(`${name}.jpg`));
  expect(stored).toHaveLength(1);
  expect(await compareFiles(path.join(folder, 'data/files', stored[0] ?? ''), file)).toBe(SIZE);
  const { complaints, hashed } = await tab.seen();
  expect(complaints).toEqual([]);
  expect(hashed).toHaveLength(CHUNKS);
});
