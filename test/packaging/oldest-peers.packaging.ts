import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium } from '../browser/support/chromium.js';
import { startSite } from '../browser/support/site.js';
import { startServer } from '../support/server.js';
import { filesOf, openTab } from './support/in-chromium.js';
import { packed, type Scratch, scratch, versionsOf } from './support/scratch.js';

/** The oldest versions that the package takes. */
const OLDEST = {
  react: '18.2.0',
  'react-dom': '18.2.0',
  '@types/react': '18.2.0',
  '@types/react-dom': '18.2.0',
  '@uppy/core': '5.0.0',
  '@uppy/dashboard': '5.0.0',
};
const SIZE = 20 * 2 ** 20 + 5;

const UPLOADS = `
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, type UploadsClient, uploadLink } from 'chunkwise/client';
const url = '/trpc';
const trpc = createTRPCClient<any>({ links: [uploadLink({ url }), httpBatchLink({ url })] }) as any;
export const uploader = createUploader(trpc.uploads as UploadsClient);
`;

const LIST = `
import { UploaderProvider, useUpload, useUploads, useUploadsSummary } from 'chunkwise/client/react';
import { createElement as h, type ReactElement } from 'react';
import { uploader } from './uploads.js';

type Task = (typeof uploader.tasks)[number];
function Row({ task }: { task: Task }) {
  const phase = useUpload(task, (state) => state.phase);
  const { bytes, size } = useUpload(task);
  return h('li', null, task.state.name, ' ', phase, ' ', bytes, ' of ', size);
}
function List() {
  const { tasks, add } = useUploads(uploader);
  const { count, fraction } = useUploadsSummary(uploader);
  const first = useUpload('upload-1');
  return h('section', null,
    h('input', { type: 'file', id: 'own', onChange: ({ target }) => { for (const file of target.files ?? []) add(file); } }),
    h('ul', null, tasks.map((task) => h(Row, { key: task.id, task }))),
    h('p', { id: 'sum' }, count, ' ', fraction, ' ', first?.phase ?? 'none'),
  );
}
export const App = (): ReactElement => h(UploaderProvider, { uploader, children: h(List) });
`;

const PAGE = `
import Uppy from '@uppy/core';
import Dashboard from '@uppy/dashboard';
import { Chunkwise } from 'chunkwise/client/uppy';
import { createElement as h, StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { App } from './list.js';
import { uploader } from './uploads.js';

const place = document.querySelector('#app') as Element;
hydrateRoot(place, h(StrictMode, null, h(App)), { onRecoverableError: (error) => console.error(String(error)) });
new Uppy()
  .use(Dashboard, { target: '#uppy', inline: true })
  .use(Chunkwise, { uploader, downloadUrl: ({ uploadId }) => '/files/' + uploadId });
`;

const SERVER = `
import { createElement as h, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { App } from './list.js';
console.log(renderToString(h(StrictMode, null, h(App))));
`;

const SETTINGS = JSON.stringify({
  compilerOptions: {
    ...{ strict: true, noEmit: true, target: 'es2023', module: 'esnext', moduleResolution: 'bundler' },
    ...{ lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'], types: [] },
    // Those of React 18.2.0 name a module that their own dependency no longer has.
    skipLibCheck: true,
  },
  include: ['page.ts'],
});

let app: Scratch;
let browser: Awaited<ReturnType<typeof startChromium>>;
let rendered = '';
beforeAll(async () => {
  const files = {
    ...{ 'uploads.ts': UPLOADS, 'list.ts': LIST, 'page.ts': PAGE, 'server.ts': SERVER },
    'tsconfig.json': SETTINGS,
  };
  const dependencies = {
    chunkwise: packed(),
    ...OLDEST,
    ...versionsOf('@trpc/client', '@trpc/server', 'zod', 'typescript', 'vite', 'tsx'),
  };
  [app, browser] = await Promise.all([scratch('oldest', { dependencies, files }), startChromium()]);
  rendered = (await app.must(process.execPath, ['--import', 'tsx', 'server.ts'])).stdout.trim();
  await app.write({
    'index.html': `<!doctype html><body><div id="app">${rendered}</div><div id="uppy"></div><script type="module" src="/page.ts"></script>`,
  });
  await app.must(process.execPath, [app.bin('vite'), 'build', '--outDir', 'site']);
});
afterAll(async () => {
  await browser?.close();
  await app?.[Symbol.asyncDispose]();
});

describe('with React 18.2 and Uppy 5.0', () => {
  test('hooks render on a server, as if nothing were uploaded', () => {
    expect(rendered.replaceAll('<!-- -->', '')).toBe(
      '<section><input type="file" id="own"/><ul></ul><p id="sum">0 0 none</p></section>',
    );
  });

  test('hooks and plugin have types that fit', async () => {
    await app.must(process.execPath, [app.bin('tsc'), '-p', '.']);
  });

  test('hooks take over what was rendered and show an upload; the Dashboard uploads too', async () => {
    await using server = await startServer({ root: path.join(app.path, 'data') });
    await using site = await startSite(filesOf(path.join(app.path, 'site')), {
      api(req, res) {
        req.url = req.url?.replace(/^\/trpc/, '') ?? '/';
        server.server.emit('request', req, res);
      },
    });
    await using opened = await openTab(browser);
    const { tab, errors } = opened;
    tab.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await tab.goto(site.url);
    const films = ['own.bin', 'panel.bin'].map((name) => ({ name, bytes: randomBytes(SIZE) }));
    for (const { name, bytes } of films) await writeFile(path.join(app.path, name), bytes);
    // Before React has taken it over, a choice is heard by nobody.
    await tab.waitForFunction(() =>
      Object.keys(document.querySelector('#own') ?? {}).some((key) => key.startsWith('__reactProps')),
    );
    await tab.setInputFiles('#own', path.join(app.path, 'own.bin'));
    await tab.getByText(`own.bin completed ${SIZE} of ${SIZE}`).waitFor();
    await tab.getByText('1 1 completed').waitFor();
    await tab.locator('input.uppy-Dashboard-input').first().setInputFiles(path.join(app.path, 'panel.bin'));
    await tab.getByRole('button', { name: 'Upload 1 file' }).click();
    await tab.locator('.uppy-StatusBar').getByText('Complete', { exact: true }).waitFor();
    await tab.getByText(`panel.bin completed ${SIZE} of ${SIZE}`).waitFor();
    const stored = [...filesOf(path.join(server.root, 'files'))];
    for (const { name, bytes } of films) {
      const [, kept] = stored.find(([file]) => file.endsWith(`/${name}`)) ?? [];
      expect(kept && bytes.equals(kept as Uint8Array), name).toBe(true);
    }
    expect(errors).toEqual([]);
  });
});
