import { createElement as h, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { UploaderProvider, useUpload, useUploads, useUploadsSummary } from '../../client/react/index.js';
import { setup } from '../client/support/setup.js';
import { read } from '../house/tree.js';
import { startLab } from './support/lab.js';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('on a server', () => {
  it('every hook renders, as if nothing were uploaded', async () => {
    await using test = await setup();
    const { uploader } = test;
    function List(): ReactNode {
      const { tasks } = useUploads(uploader, { policy: 'photos' });
      const { count, fraction } = useUploadsSummary(uploader);
      return `${useUploads(uploader).tasks.length} ${tasks.length} ${count} ${fraction}`;
    }
    const ById = () => String(useUpload('upload-1', ({ phase }) => phase));
    const task = uploader.add(new Uint8Array(5), { policy: 'photos' });
    const One = () => useUpload(task).phase;
    const html = renderToString(
      h(UploaderProvider, { uploader }, h('p', null, h(List)), h('p', null, h(ById)), h('p', null, h(One))),
    );
    expect(html).toBe('<p>0 0 0 0</p><p>null</p><p>waiting</p>');
    await task.cancel();
  });

  it('what was rendered is taken over by a page that uploads already', async () => {
    const { page, complaints } = await lab.open();
    const errors = await page.evaluate(async () => {
      const { h, hydrateRoot, uploader, Whole, fileOf, shows } = kit;
      const main = document.querySelector('main') as Element;
      main.innerHTML = '<section class="list"></section><p class="summary">0 0</p><p class="by-id">none</p>';
      uploader.add(fileOf('a', 1000));
      const errors: string[] = [];
      hydrateRoot(main, h(Whole), { onRecoverableError: (error) => errors.push(String(error)) });
      await shows('.row', /^completed/);
      await shows('.by-id', /^completed/);
      await shows('.summary', /^1 1$/);
      return errors;
    });
    expect(errors).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

test('the entry begins with the directive that makes it run in the browser', () => {
  const { outputText } = ts.transpileModule(read('client/react/index.ts'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  expect(outputText.split('\n')[0]).toBe("'use client';");
});
