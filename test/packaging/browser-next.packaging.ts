import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium } from '../browser/support/chromium.js';
import { randomFile } from '../support/wire.js';
import { openTab } from './support/in-chromium.js';
import { build, newRoot, nextApp, startNext } from './support/next-app.js';
import type { Scratch } from './support/scratch.js';

const SIZE = 20 * 2 ** 20 + 5;

/** Hooks in a client component, which Next.js renders on the server first. */
const HOOKS = {
  'app/hooks/page.tsx': `import { List } from './list';
export default function Page() {
  return <List />;
}`,
  'app/hooks/list.tsx': `'use client';
import { useUploads, useUploadsSummary } from 'chunkwise/client/react';
import { uploader } from './uploads';
export function List() {
  const { tasks, add } = useUploads(uploader, { policy: 'albums' });
  const { count, phases } = useUploadsSummary(uploader);
  return (
    <main>
      <input type="file" aria-label="Photos" onChange={({ target }) => {
        for (const file of target.files ?? []) add(file, { metadata: { album: 'hooks' } });
      }} />
      <p>{\`\${phases.completed} of \${count}\`}</p>
      <ul>{tasks.map(({ id, state }) => <li key={id}>{state.name}</li>)}</ul>
    </main>
  );
}`,
  'app/hooks/uploads.ts': `import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, uploadLink } from 'chunkwise/client';
import type { AppRouter } from '../../server/router';
const url = '/api/trpc';
const trpc = createTRPCClient<AppRouter>({ links: [uploadLink({ url }), httpBatchLink({ url, maxItems: 100 })] });
export const uploader = createUploader(trpc.uploads);`,
};

let app: Scratch;
let browser: Awaited<ReturnType<typeof startChromium>>;
beforeAll(async () => {
  [app, browser] = await Promise.all([nextApp('npm', HOOKS), startChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await app?.[Symbol.asyncDispose]();
});

/** The one file below a folder of finished uploads. */
async function stored(root: string): Promise<Buffer> {
  const files = (await readdir(path.join(root, 'files'), { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile(),
  );
  expect(files).toHaveLength(1);
  return readFile(path.join(files[0]?.parentPath ?? '', files[0]?.name ?? ''));
}

describe.each(['webpack', 'turbopack'])('the page of the Next.js example in Chromium, by %s', (bundler) => {
  test.each(['start', 'dev'])('next %s: hashes in workers, and uploads', async (command) => {
    const root = newRoot(`page-${command}-${bundler}`);
    if (command === 'start') await build(app, bundler, root);
    const args = command === 'start' ? ['start'] : ['dev', `--${bundler}`];
    await using server = await startNext(app, args, { root });
    await using opened = await openTab(browser);
    const { tab, errors } = opened;
    await tab.goto(server.url);
    await tab.getByLabel('Name').fill('ann');
    await tab.getByLabel('Password').fill('correct horse');
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByLabel('Album').waitFor();
    // Before React has taken the form over, the browser would submit it by itself.
    await tab.waitForFunction(() =>
      Object.keys(document.querySelector('form') ?? {}).some((key) => key.startsWith('__reactProps')),
    );
    await tab.getByLabel('Album').fill('summer');
    const { bytes } = randomFile(SIZE, SIZE);
    const file = path.join(app.path, `${command}-${bundler}.png`);
    await writeFile(file, bytes);
    await tab.getByLabel('File').setInputFiles(file);
    await tab.getByRole('button', { name: 'Upload' }).click();
    await tab.getByText('Stored in summer.').waitFor();
    expect(bytes.equals(await stored(root))).toBe(true);
    const workers = await opened.workers();
    expect(workers.length).toBeGreaterThan(0);
    expect(workers).not.toContain(false);
    expect(await opened.hasWasm()).toBe(false);

    tab.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    const answer = await tab.goto(`${server.url}/hooks`);
    expect(await answer?.text()).toContain('<p>0 of 0</p>');
    await tab.waitForFunction(() =>
      Object.keys(document.querySelector('input') ?? {}).some((key) => key.startsWith('__reactProps')),
    );
    await tab.getByLabel('Photos').setInputFiles(file);
    await tab.getByText('1 of 1').waitFor();
    await tab.getByRole('listitem').getByText(path.basename(file)).waitFor();
    expect(errors).toEqual([]);
  });
});
