import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MiB } from '../../contract/index.js';
import { startLab } from './support/lab.js';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(() => lab.hold.below(Number.POSITIVE_INFINITY));

describe('useUpload', () => {
  it('in StrictMode shows live progress, also after it was unmounted in the middle', async () => {
    const { page, complaints } = await lab.open();
    lab.hold.below(2);
    await page.evaluate(async () => {
      const { h, React, createRoot, uploader, Whole, fileOf, shows } = kit;
      const mount = () => {
        const root = createRoot(document.querySelector('main') as Element);
        root.render(h(React.StrictMode, null, h(Whole)));
        return root;
      };
      Object.assign(globalThis, { mount });
      const root = mount();
      uploader.add(fileOf('a', 8 * 1024 ** 2));
      await shows('.row', /^uploading 2 /);
      root.unmount();
      if (document.querySelector('.row')) throw new Error('still there');
    });
    lab.hold.below(5);
    const onTheWay = await page.evaluate(async () => {
      const [task] = kit.uploader.tasks;
      await new Promise<void>((resolve) => {
        task?.subscribe(() => task.state.chunks === 5 && resolve());
      });
      (globalThis as unknown as { mount(): unknown }).mount();
      return Promise.all([
        kit.shows('.row', /^uploading 5 /),
        kit.shows('.by-id', /^uploading 5 /),
        kit.shows('.summary', /^1 0\.[6-9]/),
      ]);
    });
    expect(onTheWay[0]).toBe(onTheWay[1]);
    lab.hold.below(Number.POSITIVE_INFINITY);
    const done = await page.evaluate(() =>
      Promise.all([kit.shows('.row', /^completed/), kit.shows('.summary', /^1 1$/)]),
    );
    expect(done[0]).toBe(`completed 8 ${8 * MiB}`);
    expect(complaints).toEqual([]);
  });

  it('renders as often as the state is told to change, its selection and the list far less', async () => {
    const { page, complaints } = await lab.open();
    const seen = await page.evaluate(async () => {
      const { h, createRoot, uploader, List, Phase, fileOf, renders, shows } = kit;
      const main = document.querySelector('main') as Element;
      const [list, phase] = [main.appendChild(document.createElement('div')), document.createElement('div')];
      main.append(phase);
      createRoot(list).render(h(List));
      await shows('.list', /^$/);
      const task = uploader.add(fileOf('a', 64 * 1024 ** 2));
      let told = 0;
      const phases = [task.state.phase];
      task.subscribe(() => {
        told++;
        if (task.state.phase !== phases.at(-1)) phases.push(task.state.phase);
      });
      createRoot(phase).render(h(Phase, { task }));
      await shows('.phase', /completed/);
      await shows('.row', /completed/);
      return { told, phases, renders };
    });
    expect(seen.phases[0]).toBe('waiting');
    expect(seen.phases.at(-1)).toBe('completed');
    expect(seen.told).toBeGreaterThan(64);
    expect(seen.renders.phase).toBeLessThanOrEqual(seen.phases.length);
    // Empty, with the upload, with it settled.
    expect(seen.renders.list).toBeLessThanOrEqual(3);
    expect(seen.renders.row).toBeLessThanOrEqual(seen.told + 2);
    expect(complaints).toEqual([]);
  });

  it('shows the same in two places, at every moment', async () => {
    const { page, complaints } = await lab.open();
    lab.hold.below(3);
    const started = page.evaluate(async () => {
      const { h, React, createRoot, uploader, Row, fileOf, shows } = kit;
      const task = uploader.add(fileOf('a', 16 * 1024 ** 2));
      const differ: string[] = [];
      const texts = () => [...document.querySelectorAll('p')].map(({ textContent }) => textContent);
      new MutationObserver(() => {
        if (new Set(texts()).size > 1) differ.push(texts().join(' / '));
      }).observe(document, { subtree: true, childList: true, characterData: true });
      const main = document.querySelector('main') as Element;
      const root = createRoot(main);
      root.render(h(Row, { task }));
      await shows('.row', /^uploading 3 /);
      root.render(h(React.Fragment, null, h(Row, { task }), h(Row, { task, name: 'other' })));
      await shows('.other', /^uploading 3 /);
      document.title = 'both';
      await shows('.other', /^completed/);
      return { differ, texts: texts() };
    });
    await page.waitForFunction(() => document.title === 'both');
    lab.hold.below(Number.POSITIVE_INFINITY);
    const all = `completed 16 ${16 * MiB}`;
    expect(await started).toEqual({ differ: [], texts: [all, all] });
    expect(complaints).toEqual([]);
  });

  it('takes a selection that is a new object each time', async () => {
    const { page, complaints } = await lab.open();
    await page.evaluate(async () => {
      const { h, createRoot, uploader, hooks, fileOf, shows } = kit;
      const task = uploader.add(fileOf('a', 3 * 1024 ** 2));
      const Pair = () =>
        h(
          'p',
          null,
          hooks.useUpload(task, ({ phase, chunks }) => [phase, ' ', chunks]),
        );
      createRoot(document.querySelector('main') as Element).render(h(Pair));
      await shows('p', /^completed 3$/);
    });
    expect(complaints).toEqual([]);
  });

  it('by id finds nothing once the upload is dismissed, and wants a provider', async () => {
    const { page } = await lab.open();
    const seen = await page.evaluate(async () => {
      const { h, React, createRoot, uploader, hooks, ById, fileOf, shows } = kit;
      const root = createRoot(document.querySelector('main') as Element);
      root.render(h(hooks.UploaderProvider, { uploader }, h(ById, { id: 'upload-1' })));
      const before = await shows('.by-id', /./);
      const task = uploader.add(fileOf('a', 100));
      await shows('.by-id', /^completed/);
      uploader.dismiss(task);
      const after = await shows('.by-id', /none/);
      const failure = new Promise<unknown>((resolve) => {
        const options = { onUncaughtError: resolve };
        const own = document.body.appendChild(document.createElement('div'));
        createRoot(own, options).render(h(React.StrictMode, null, h(ById, { id: 'upload-1' })));
      });
      return [before, after, ((await failure) as Error).message];
    });
    expect(seen).toEqual(['none', 'none', expect.stringContaining('<UploaderProvider uploader={...}>')]);
  });
});

describe('useUploads', () => {
  it('gives one policy its own uploads, and does not render for others', async () => {
    const { page, complaints } = await lab.open();
    const seen = await page.evaluate(async () => {
      const { h, React, createRoot, uploader, hooks, renders, rendered, List, fileOf, shows } = kit;
      const given: object[] = [];
      let rerender: (value: number) => void = () => {};
      let upload: (file: File) => Promise<unknown> = () => Promise.reject();
      function Photos() {
        rendered('counted');
        const [turn, set] = React.useState(0);
        rerender = set;
        const photos = hooks.useUploads(uploader, { policy: 'photos' });
        given.push(photos);
        upload = photos.upload;
        return h('p', { className: 'counted' }, turn, photos.tasks.map(({ policy }) => policy).join());
      }
      const root = createRoot(document.querySelector('main') as Element);
      root.render(h(React.Fragment, null, h(Photos), h(List)));
      await shows('.counted', /^0$/);
      await uploader.upload(fileOf('other', 100));
      await shows('.row', /completed/);
      const alone = renders.counted;
      rerender(1);
      await shows('.counted', /^1$/);
      await upload(fileOf('photo', 100));
      await shows('.counted', /^1photos$/);
      rerender(2);
      const text = await shows('.counted', /^2/);
      const keys = ['add', 'upload', 'dismiss', 'retry'] as const;
      const all = given as Record<(typeof keys)[number] | 'tasks', unknown>[];
      return {
        ...{ alone, text, objects: new Set(all).size, lists: new Set(all.map(({ tasks }) => tasks)).size },
        functions: keys.map((key) => new Set(all.map((one) => one[key])).size),
        listed: uploader.tasks.length,
        rendered: all.length,
      };
    });
    expect(seen).toMatchObject({ alone: 1, text: '2photos', functions: [1, 1, 1, 1], listed: 2 });
    // Without any, with one, with one that has settled.
    expect(seen.lists).toBeLessThanOrEqual(3);
    expect(seen.objects).toBe(seen.lists);
    expect(seen.rendered).toBeGreaterThan(seen.lists);
    expect(complaints).toEqual([]);
  });

  it('tries again in place', async () => {
    const { page, complaints } = await lab.open();
    const texts = await page.evaluate(async () => {
      const { h, createRoot, uploader, List, fileOf, shows } = kit;
      createRoot(document.querySelector('main') as Element).render(h(List));
      const first = uploader.add(fileOf('a', 200));
      await first.cancel();
      await uploader.upload(fileOf('b', 300));
      await shows('.row', /^cancelled/);
      await uploader.retry(first).result;
      await shows('.row', /^completed/);
      await shows('.row + .row', /^completed/);
      return [...document.querySelectorAll('p')].map(({ textContent }) => textContent);
    });
    expect(texts).toEqual(['completed 1 200', 'completed 1 300']);
    expect(complaints).toEqual([]);
  });
});
