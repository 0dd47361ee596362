import { randomBytes } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { blocksOf, page } from '../../docs/support/markdown.js';
import { packed, type Scratch, scratch, versionsOf } from './scratch.js';

/** Chunks of a mebibyte, the last one short. */
const SIZE = 5 * 2 ** 20 + 7;

/** Uploads a file, then asks for an upload that is not there; for Node and for browsers. */
const EXERCISE = `
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, isUploadError, toUploadError, uploadLink } from 'chunkwise/client';
export async function exercise(url, file, hasher) {
  const trpc = createTRPCClient({ links: [uploadLink({ url }), httpBatchLink({ url })] });
  const uploader = createUploader(trpc.uploads, { retries: 0, hasher });
  const result = await uploader.upload(file, { policy: 'films', metadata: { title: 'Ann' } }).catch((error) => {
    if (!isUploadError(error)) throw error;
    return { error: error.code };
  });
  const unknown = await trpc.uploads.resume.query({ uploadId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }).catch(toUploadError);
  return { ...result, unknown: unknown.code };
}`;

/** How Node runs it, once as it stands there and once as a bundler for browsers has made a page of it. */
const runBy = (start: string) => `
import { openAsBlob } from 'node:fs';
${start}
const [url, file] = process.argv.slice(2);
const answer = await exercise(url, new File([await openAsBlob(file)], 'film.mov'));
console.log(JSON.stringify(answer));`;

const FILES = {
  'exercise.mjs': EXERCISE,
  'client.mjs': runBy(`import { exercise } from './exercise.mjs';`),
  'index.html': '<script type="module" src="/page.mjs"></script>',
  'page.mjs': `import { exercise } from './exercise.mjs'; globalThis.exercise = exercise;`,
  'page.config.mjs': `export default { build: {
    outDir: 'page', sourcemap: true, modulePreload: { polyfill: false },
    rollupOptions: { output: { entryFileNames: 'page.js', chunkFileNames: '[name].js' } },
  } };`,
  'client-of-page.mjs': runBy(`import './page/page.js';\nconst { exercise } = globalThis;`),
};

/** The files that docs/bundlers.md shows, by the name above each. */
export function recipes(): Record<string, string> {
  const named = blocksOf(page('docs/bundlers.md')).filter(({ note }) => note !== null);
  return Object.fromEntries(named.map(({ note, text }) => [note ?? '', text]));
}

/** Where bundles are built: an app with the packed package, bundlers, and all files of the page. */
export function workplace(): Promise<Scratch> {
  return scratch('bundlers', {
    dependencies: {
      chunkwise: packed(),
      ...versionsOf('@trpc/client', '@trpc/server', 'zod', 'better-sqlite3', 'esbuild', 'vite'),
    },
    files: { ...recipes(), ...FILES },
  });
}

/** Builds by a recipe into `dist`. @returns what the bundler said */
export async function bundle(at: Scratch, recipe: string): Promise<string> {
  const vite = [at.bin('vite'), 'build', '--config', recipe, '--emptyOutDir'];
  const { stdout, stderr } = await at.must(
    process.execPath,
    recipe.endsWith('.config.mjs') ? vite : [recipe],
  );
  return stdout + stderr;
}

/** A place to run what was bundled, with nothing installed but those. */
export async function deployed(from: Scratch, ...dependencies: readonly string[]): Promise<Scratch> {
  const place = await scratch('deployed', { dependencies: versionsOf(...dependencies) });
  await cp(path.join(from.path, 'dist'), path.join(place.path, 'dist'), { recursive: true });
  return place;
}

/** Starts the bundle at a place, uploads to it, and compares every byte. */
export async function expectUploads(app: Scratch, place: Scratch, client = 'client.mjs'): Promise<void> {
  const { answer, bytes, root, said } = await uploadTo(app, place, client);
  expect(answer).toMatchObject({ path: expect.any(String), unknown: 'UPLOAD_NOT_FOUND' });
  expect(Buffer.compare(await readFile(path.join(root, String(answer.path))), bytes)).toBe(0);
  expect(said.stderr).toBe('');
}

/** Starts a bundle whose threads do not start. @returns what the log says of it */
export async function refusalOf(app: Scratch, place: Scratch): Promise<string> {
  const { answer, said } = await uploadTo(app, place, 'client.mjs');
  expect(answer).toEqual({ error: 'INTERNAL', unknown: 'INTERNAL' });
  return said.stderr;
}

async function uploadTo(app: Scratch, place: Scratch, client: string) {
  const root = path.join(place.path, 'data');
  const file = path.join(place.path, 'film.mov');
  const bytes = randomBytes(SIZE);
  await writeFile(file, bytes);
  await using server = place.start(process.execPath, ['dist/server.js'], { env: { ROOT: root, PORT: '0' } });
  const [url] = await server.line(/^http:\/\/\S+$/);
  const { stdout } = await app.must(process.execPath, [client, url, file]);
  return { answer: JSON.parse(stdout) as Record<string, unknown>, bytes, root, said: server.said };
}
