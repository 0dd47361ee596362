/// <reference types="vite/client" />
/** An app's page: Uppy's Dashboard on Chunkwise. Tests look on, sign in, and hold the hashing up. */
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import Uppy from '@uppy/core';
import coreStyle from '@uppy/core/css/style.min.css?inline';
import Dashboard from '@uppy/dashboard';
import dashboardStyle from '@uppy/dashboard/css/style.min.css?inline';
import { browserHasher, type Hasher, uploadLink } from '../../../client/index.js';
import { Chunkwise } from '../../../client/uppy/index.js';
import type { TestRouter } from '../../support/server.js';

const style = document.createElement('style');
style.textContent = coreStyle + dashboardStyle;
document.head.append(style);
const place = document.createElement('main');
document.body.replaceChildren(place);

let owner = new URLSearchParams(location.search).get('owner') ?? 'ann';
const options = { url: '/trpc', headers: () => ({ 'x-test-owner': owner }) };
const trpc = createTRPCClient<TestRouter>({
  links: [uploadLink<TestRouter>(options), httpBatchLink({ ...options, maxItems: 100 })],
});

let hashing: Promise<void> = Promise.resolve();
let release = () => {};
const hasher: Hasher = browserHasher();
const held: Hasher = {
  ...hasher,
  async hashChunks(source, pieces, { onProgress, ...rest }) {
    const hashes = await hasher.hashChunks(source, pieces, {
      ...rest,
      // As far as half of the file, until it is let go.
      onProgress: (bytes) => onProgress?.(Math.min(bytes, source.size / 2)),
    });
    await hashing;
    return hashes;
  },
};

const uppy = new Uppy().use(Chunkwise<typeof trpc.uploads>, {
  ...{ client: trpc.uploads, concurrency: 1, minBackoffMs: 0, maxBackoffMs: 0, hasher: held },
  downloadUrl: ({ uploadId }) => `/files/${uploadId}`,
});
uppy.use(Dashboard, {
  ...{ target: place, inline: true, width: 750, height: 450 },
  fileManagerSelectionType: 'both',
  showLinkToFileUploadResult: true,
});

/** What a person reads in the bar below, one after the other: its state, its words. */
const story: string[] = [];
new MutationObserver(() => {
  const bar = document.querySelector<HTMLElement>('.uppy-StatusBar');
  const state = /is-(waiting|preprocessing|uploading|postprocessing|complete|error)/.exec(
    bar?.className ?? '',
  );
  const words = bar?.querySelector<HTMLElement>('.uppy-StatusBar-content')?.innerText ?? '';
  const now = state ? `${state[1]}: ${words.replace(/\s+/g, ' ')}` : '';
  if (now !== '' && now !== story.at(-1)) story.push(now);
}).observe(place, { subtree: true, childList: true, attributes: true, characterData: true });

/** Overall progress, each time that Uppy tells it. */
const totals: number[] = [];
uppy.on('progress', (percent) => totals.push(percent));

const page = {
  story,
  totals,
  holdHashing() {
    hashing = new Promise((resolve) => {
      release = resolve;
    });
  },
  releaseHashing: () => release(),
  signIn(name: string) {
    owner = name;
  },
  restrictions: () => uppy.opts.restrictions,
  /** As from the desktop. */
  drop(files: { name: string; text: string }[]) {
    const dataTransfer = new DataTransfer();
    for (const { name, text } of files) dataTransfer.items.add(new File([text], name));
    const target = document.querySelector('.uppy-Dashboard-inner');
    for (const type of ['dragover', 'drop'])
      target?.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  },
};

export type UppyPage = typeof page;
Object.assign(globalThis, { page });
