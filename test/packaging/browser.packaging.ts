import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INSECURE_HOST, startChromium } from '../browser/support/chromium.js';
import { startSite } from '../browser/support/site.js';
import { bundle, recipes, workplace } from './support/bundled.js';
import { filesOf, forPages, openTab } from './support/in-chromium.js';
import type { Scratch } from './support/scratch.js';

const SIZE = 5 * 2 ** 20 + 7;
declare const exercise: (url: string, file: File | undefined) => Promise<Record<string, unknown>>;

let app: Scratch;
let browser: Awaited<ReturnType<typeof startChromium>>;
let film: { path: string; bytes: Buffer };
beforeAll(async () => {
  [app, browser] = await Promise.all([workplace(), startChromium()]);
  film = { path: path.join(app.path, 'film.mov'), bytes: randomBytes(SIZE) };
  await writeFile(film.path, film.bytes);
  await bundle(app, 'esbuild-out.mjs');
});
afterAll(async () => {
  await browser?.close();
  await app?.[Symbol.asyncDispose]();
});

let runs = 0;

/** Opens the page that a bundler made, uploads from it, and compares every byte. @returns which of its workers came to hash, and whether hash-wasm was loaded */
async function uploadFrom(url: string, host = '127.0.0.1') {
  const root = path.join(app.path, `data-${++runs}`);
  await using server = app.start(process.execPath, ['dist/server.js'], { env: { ROOT: root, PORT: '0' } });
  const [address] = await server.line(/^http:\/\/\S+$/);
  await using relay = await forPages(address);
  await using opened = await openTab(browser);
  const { tab, errors } = opened;
  await tab.goto(url.replace('127.0.0.1', host));
  await tab.waitForFunction('globalThis.exercise');
  await tab.evaluate(() =>
    document.body.append(Object.assign(document.createElement('input'), { type: 'file' })),
  );
  await tab.setInputFiles('input', film.path);
  const answer = await tab.evaluate(
    (api) => exercise(api, document.querySelector('input')?.files?.[0]),
    `http://${host}:${relay.port}`,
  );
  expect(answer).toMatchObject({ path: expect.any(String), unknown: 'UPLOAD_NOT_FOUND' });
  expect(Buffer.compare(await readFile(path.join(root, String(answer.path))), film.bytes)).toBe(0);
  expect(errors).toEqual([]);
  return { workers: await opened.workers(), wasm: await opened.hasWasm() };
}

/** One for each processor, up to a limit. */
const hashing = { workers: expect.arrayContaining([true, true]) };

describe('in Chromium, without any settings, a page made by', () => {
  test('vite build hashes in workers, and uploads', async () => {
    await app.must(process.execPath, [app.bin('vite'), 'build', '--outDir', 'site']);
    await using site = await startSite(filesOf(path.join(app.path, 'site')));
    expect(await uploadFrom(site.url)).toMatchObject({ ...hashing, wasm: false });
    expect(await uploadFrom(site.url, INSECURE_HOST)).toMatchObject({ ...hashing, wasm: true });
  });

  test('vite, while it is developed, hashes in workers, and uploads', async () => {
    await using dev = app.start(process.execPath, [app.bin('vite'), '--host', '127.0.0.1']);
    const [, url = ''] = await dev.line(/(http:\/\/127\.0\.0\.1:\d+\/)/);
    expect(await uploadFrom(url)).toMatchObject({ ...hashing, wasm: false });
  });

  test('esbuild hashes on the page, which has no worker there, and uploads', async () => {
    await app.write({ 'page-esbuild.mjs': PAGE_BY_ESBUILD });
    await app.must(process.execPath, ['page-esbuild.mjs']);
    await using site = await startSite(filesOf(path.join(app.path, 'page-esbuild')));
    const secure = await uploadFrom(site.url);
    expect(secure.workers).not.toContain(true);
    expect(secure.wasm).toBe(false);
    const insecure = await uploadFrom(site.url, INSECURE_HOST);
    expect(insecure.workers).not.toContain(true);
    expect(insecure.wasm).toBe(true);
  });
});

const HTML = `await writeFile('OUT/index.html', '<!doctype html><body><script type="module" src="page.mjs"></script>');`;
const PAGE_BY_ESBUILD = `
import { writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
await build({
  entryPoints: ['page.mjs'], bundle: true, splitting: true, format: 'esm', outdir: 'page-esbuild',
  outExtension: { '.js': '.mjs' },
});
${HTML.replace('OUT', 'page-esbuild')}`;

test('esbuild with the recipe of the page hashes in workers', async () => {
  const recipe = recipes()['esbuild-page.mjs'] ?? '';
  await app.write({
    'app.mjs': `${recipes()['uploader.js']?.replace('export const', 'const')}
import { exercise } from './exercise.mjs';
globalThis.exercise = (url, file) => exercise(url, file, hasher);`,
    'esbuild-page.mjs': `import { writeFile } from 'node:fs/promises';\n${recipe.replace("'app.js'", "'app.mjs'")}\n${HTML.replace('OUT', 'public').replace('page.mjs', 'app.js')}`,
  });
  await app.must(process.execPath, ['esbuild-page.mjs']);
  await using site = await startSite(filesOf(path.join(app.path, 'public')));
  expect(await uploadFrom(site.url)).toMatchObject({ ...hashing, wasm: false });
});
