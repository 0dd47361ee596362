import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startChromium } from '../browser/support/chromium.js';
import { startApp } from '../examples/support/app.js';
import { buildApp, copyApp, showApp } from '../examples/support/built-app.js';
import { blocksOf, page, section } from './support/markdown.js';

const MAIN = `
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { queryClient, Stored } from './stored';
createRoot(document.getElementById('root') as Element).render(
  <QueryClientProvider client={queryClient}><App /><Stored /></QueryClientProvider>,
);
`;

test("the list beside TanStack Query, by tRPC's integration, has what was uploaded just now", {
  timeout: 120_000,
}, async () => {
  const [block] = blocksOf(section(page('docs/browser.md'), 'With TanStack Query'));
  await using app = await copyApp('react-vite');
  await fs.writeFile(path.join(app.path, 'src/stored.tsx'), block?.text ?? '');
  await fs.writeFile(path.join(app.path, 'src/main.tsx'), MAIN);
  await using server = await startApp(path.join(app.path, 'server.ts'), {
    ROOT: path.join(app.path, 'data'),
  });
  expect(await buildApp(app.path)).toBe('');
  await using shown = await showApp(app.path, server.url);
  await using browser = await startChromium();
  const tab = await browser.newPage();
  const errors: string[] = [];
  tab.on('pageerror', (error) => errors.push(String(error)));
  await tab.goto(shown.url);
  const stored = tab.getByRole('list', { name: 'Stored' }).getByRole('listitem');
  for (const [count, name] of ['lake.jpg', 'alps.jpg'].entries()) {
    await tab
      .getByLabel('Add photos')
      .setInputFiles({ name, mimeType: 'image/jpeg', buffer: randomBytes(1000) });
    await stored.getByText(name).waitFor();
    expect(await stored.count()).toBe(count + 1);
  }
  expect(errors).toEqual([]);
});
