/** What tests use inside the page, as `kit`. Bundled by `lab.ts`. */
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import * as React from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { createUploader, type TaskState, type UploadTask, uploadLink } from '../../../client/index.js';
import * as hooks from '../../../client/react/index.js';
import type { LabRouter } from './lab.js';

const h = React.createElement;
const url = '/trpc';
const trpc = createTRPCClient<LabRouter>({
  links: [uploadLink<LabRouter>({ url }), httpBatchLink({ url, maxItems: 100 })],
});
const uploader = createUploader(trpc.uploads);

const textOf = ({ phase, chunks, bytes }: TaskState) => `${phase} ${chunks} ${bytes}`;

/** Renders of a component, by its name. */
const renders: Record<string, number> = {};
const rendered = (name: string) => {
  renders[name] = (renders[name] ?? 0) + 1;
};

function Row({ task, name = 'row' }: { task: UploadTask<unknown>; name?: string }) {
  rendered(name);
  return h('p', { className: name }, textOf(hooks.useUpload(task)));
}

const MemoRow = React.memo(Row);

function Phase({ task }: { task: UploadTask<unknown> }) {
  rendered('phase');
  return h(
    'p',
    { className: 'phase' },
    hooks.useUpload(task, ({ phase }) => phase),
  );
}

function List({ policy }: { policy?: 'photos' | 'default' }) {
  const name = policy ?? 'list';
  rendered(name);
  const { tasks } = policy ? hooks.useUploads(uploader, { policy }) : hooks.useUploads(uploader);
  return h(
    'section',
    { className: name },
    tasks.map((task: UploadTask<unknown>) => h(MemoRow, { key: task.id, task })),
  );
}

function Summary() {
  const { fraction, count } = hooks.useUploadsSummary(uploader);
  return h('p', { className: 'summary' }, `${count} ${fraction}`);
}

function ById({ id }: { id: string }) {
  const state = hooks.useUpload(id);
  return h('p', { className: 'by-id' }, state === null ? 'none' : textOf(state));
}

function Whole() {
  return h(hooks.UploaderProvider, { uploader }, h(List), h(Summary), h(ById, { id: 'upload-1' }));
}

/** Resolves once the text of an element matches. */
function shows(selector: string, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const look = () => {
      const text = document.querySelector(selector)?.textContent ?? '';
      if (!pattern.test(text)) return;
      observer.disconnect();
      resolve(text);
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    look();
  });
}

const fileOf = (name: string, size: number) => new File([new Uint8Array(size)], name);

export const kit = {
  ...{ React, h, createRoot, hydrateRoot, hooks, uploader, renders, rendered, shows, fileOf, textOf },
  ...{ Row, Phase, List, Summary, ById, Whole },
};
Object.assign(globalThis, { kit });
