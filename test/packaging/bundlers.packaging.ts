import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VERSION } from '../../contract/version.js';
import { bundle, deployed, expectUploads, recipes, refusalOf, workplace } from './support/bundled.js';
import type { Scratch } from './support/scratch.js';

let app: Scratch;
beforeAll(async () => {
  app = await workplace();
});
afterAll(() => app?.[Symbol.asyncDispose]());
beforeEach(() => rm(path.join(app.path, 'dist'), { recursive: true, force: true }));

/** Of the bundle that was built. */
const built = (file: string) => readFile(path.join(app.path, 'dist', file), 'utf8');
const FIX =
  /set the option `worker` to the URL of chunkwise\/worker, or keep chunkwise out of the bundle \(esbuild: external: \['chunkwise'\]; .*\); see docs\/bundlers\.md\./;

/** Run by browser.packaging.ts. */
const OF_PAGES = ['uploader.js', 'esbuild-page.mjs'];

test('every recipe of the page is run', () => {
  const run = ['out.mjs', 'in.mjs', 'apart.mjs'].map((end) => `esbuild-${end}`);
  const vite = run.map((name) => name.replace('esbuild-', 'vite-').replace('.mjs', '.config.mjs'));
  expect(Object.keys(recipes()).sort()).toEqual(['server.ts', ...OF_PAGES, ...run, ...vite].sort());
});

describe.each([
  ['esbuild', '.mjs'],
  ['vite', '.config.mjs'],
])('%s', (bundler, end) => {
  const recipe = (name: string) => `${bundler}-${name}${end}`;

  test('chunkwise kept out of the bundle', async () => {
    await bundle(app, recipe('out'));
    expect(await built('server.js')).toMatch(/from\s*["']chunkwise\/server["']/);
    await expectUploads(app, app);
  });

  test('chunkwise in the bundle, and installed where it runs', async () => {
    await bundle(app, recipe('in'));
    expect(await built('server.js')).not.toMatch(/from\s*["']chunkwise/);
    await expectUploads(app, app);
  });

  test('the same where each package has its dependencies to itself', async () => {
    await bundle(app, recipe('in'));
    await using place = await deployed(app);
    await mkdir(path.join(place.path, 'node_modules'));
    const link = path.join(place.path, 'node_modules/chunkwise');
    await symlink(path.join(app.path, 'node_modules/chunkwise'), link);
    await expectUploads(app, place);
  });

  test('chunkwise in the bundle, its worker apart, and not installed where it runs', async () => {
    await bundle(app, recipe('apart'));
    await using place = await deployed(app, 'better-sqlite3', 'piscina');
    await expectUploads(app, place);
  });

  test('without the recipe: no worker', async () => {
    await bundle(app, recipe('in'));
    await using place = await deployed(app, 'better-sqlite3', 'piscina');
    const log = await refusalOf(app, place);
    expect(log).toMatch(
      /The worker file:\/\/\S+\/chunkwise-worker\.js does not start \(Cannot find module .*\): /,
    );
    expect(log).toMatch(FIX);
  });

  test('without the recipe: no Piscina', async () => {
    await bundle(app, recipe('in'));
    await using place = await deployed(app);
    expect(await refusalOf(app, place)).toMatch(
      /The package piscina is not found from the bundle file:\/\/\S+: install it where the bundle runs, or keep chunkwise out of the bundle/,
    );
  });
});

/** A file of the page with one part of it replaced. */
function changed(name: string, part: string, by: string): string {
  const [before = '', after, ...more] = (recipes()[name] ?? '').split(part);
  if (after === undefined || more.length > 0) throw new Error(`${name} has no single ${part}`);
  return before + by + after;
}

test.each([
  ['a URL', "new URL('./threads/uploads.js', import.meta.url)"],
  ['a path', "'dist/threads/uploads.js'"],
])('a worker of another name is named by the option worker, as %s', async (_, worker) => {
  await app.write({
    'named.ts': changed('server.ts', "owner: 'shared',", `owner: 'shared', worker: ${worker},`),
    'esbuild-named.mjs': changed(
      'esbuild-apart.mjs',
      "{ server: 'server.ts', 'chunkwise-worker'",
      "{ server: 'named.ts', 'threads/uploads'",
    ),
  });
  await bundle(app, 'esbuild-named.mjs');
  await using place = await deployed(app, 'better-sqlite3', 'piscina');
  await expectUploads(app, place);
});

test('a bundle of CommonJS modules', async () => {
  await app.write({
    'esbuild-cjs.mjs': changed('esbuild-in.mjs', "format: 'esm'", "format: 'cjs', logLevel: 'error'"),
    'dist/package.json': '{ "type": "commonjs" }',
  });
  await bundle(app, 'esbuild-cjs.mjs');
  expect(await built('server.js')).toMatch(/\brequire\("node:http"\)/);
  await expectUploads(app, app);
});

test('an older worker beside a newer server is refused in one sentence', async () => {
  await bundle(app, 'esbuild-apart.mjs');
  await using place = await deployed(app, 'better-sqlite3', 'piscina');
  const worker = path.join(place.path, 'dist/chunkwise-worker.js');
  const text = await readFile(worker, 'utf8');
  expect(text).toContain(`"${VERSION}"`);
  await writeFile(worker, text.replaceAll(`"${VERSION}"`, '"0.0.9"'));
  expect(await refusalOf(app, place)).toMatch(
    /The worker file:\S+\/chunkwise-worker\.js is of version 0\.0\.9, and the server of version \d\S+: bundle both from one version, or keep chunkwise out of the bundle/,
  );
});

test('the SQLite driver in the bundle of the worker is refused in one sentence', async () => {
  await app.write({ 'esbuild-wrong.mjs': changed('esbuild-apart.mjs', "'better-sqlite3', ", '') });
  await bundle(app, 'esbuild-wrong.mjs');
  await using place = await deployed(app, 'better-sqlite3', 'piscina');
  expect(await refusalOf(app, place)).toContain(
    "keep better-sqlite3 out of the bundle (esbuild: external: ['better-sqlite3']; Vite: ssr.external: ['better-sqlite3'])",
  );
});

test('a page made by vite brings nothing of Node, no server code and no zod, and uploads', async () => {
  const said = await bundle(app, 'page.config.mjs');
  expect(said).not.toMatch(/warn|externalized/i);
  const made = (file: string) => readFile(path.join(app.path, 'page', file), 'utf8');
  expect(await made('page.js')).not.toMatch(/["'`]node:/);
  const { sources } = JSON.parse(await made('page.js.map')) as { sources: string[] };
  expect(sources.filter((file) => /\/client\/(engine|link)\./.test(file))).toHaveLength(2);
  expect(sources.filter((file) => /\/zod\/|\/(server|workers|client\/node)\/[^/]+$/.test(file))).toEqual([]);
  await bundle(app, 'esbuild-out.mjs');
  await expectUploads(app, app, 'client-of-page.mjs');
});
