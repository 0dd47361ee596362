import { BasePlugin } from '@uppy/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ChunkwiseBody } from '../../../client/uppy/index.js';
import { MiB } from '../../../contract/index.js';
import { policy } from '../../../server/policy.js';
import { bytesOf, fileOf, named, setup, type TestUppy, until } from './setup.js';

type PanelOptions = { id: string; hideUploadButton: boolean };

/** Has the button's option, as the Dashboard does. */
class Panel extends BasePlugin<PanelOptions, Record<string, unknown>, ChunkwiseBody> {
  constructor(uppy: TestUppy, options: PanelOptions) {
    super(uppy, options);
    this.id = options.id;
    this.type = 'modal';
  }
}

/** What does not go through, and what is said of it. */
export function describeRefusing(version: string): void {
  describe(`refusals in Uppy ${version}`, () => {
    it('a refused file shows the sentence of the server; the others arrive; one or all are tried again', async () => {
      let open = false;
      const authorize = ({ name }: { name: string }) =>
        open || name === 'good' || 'Your plan has no more room.';
      await using test = await setup({ policies: { default: { authorize } } });
      await using uploader = test.uploader();
      const uppy = test.uppy({ uploader, client: undefined } as object);
      uppy.addFiles(['good', 'bad', 'worse'].map((name) => fileOf(name, name)));
      const result = await uppy.upload();
      expect(result?.successful?.map(({ name }) => name)).toEqual(['good']);
      expect(result?.failed?.map(({ name, error }) => [name, error])).toEqual([
        ['bad', 'Your plan has no more room.'],
        ['worse', 'Your plan has no more room.'],
      ]);
      // A button to try again is shown for what has started, and has a percentage.
      expect(named(uppy, 'bad').progress).toMatchObject({ uploadStarted: expect.any(Number), percentage: 0 });
      open = true;
      expect((await uppy.retryUpload(named(uppy, 'bad').id))?.successful).toHaveLength(1);
      expect((await uppy.retryAll())?.successful?.map(({ name }) => name)).toEqual(['worse']);
      expect(uppy.getState().error).toBeNull();
      // What failed is not listed beside what took its place.
      expect(uploader.tasks.map(({ state }) => [state.name, state.phase])).toEqual([
        ['good', 'completed'],
        ['bad', 'completed'],
        ['worse', 'completed'],
      ]);
    });

    it('a retry goes on with what the server has', async () => {
      await using test = await setup();
      test.onChunk((index) => (index === 7 ? new Response('gone', { status: 410 }) : undefined));
      const uppy = test.uppy({ concurrency: 1, retries: 0, patienceMs: 0 });
      uppy.addFile(fileOf('a', bytesOf(3 * MiB)));
      expect((await uppy.upload())?.failed).toHaveLength(1);
      test.onChunk(() => undefined);
      const before = Number(named(uppy, 'a').progress.bytesUploaded);
      expect(before).toBeGreaterThanOrEqual(7 * 256 * 1024);
      const again = await uppy.retryAll();
      expect(again?.successful).toMatchObject([{ response: { body: { resumed: true } } }]);
      expect(Number(again?.successful?.[0]?.response?.body?.sentBytes)).toBeLessThan(2 * MiB);
    });

    it('a failed file that is taken away is aborted on the server', async () => {
      await using test = await setup();
      test.onChunk((index) => (index === 2 ? new Response('gone', { status: 410 }) : undefined));
      const uppy = test.uppy({ retries: 0, patienceMs: 0 });
      uppy.addFile(fileOf('a', bytesOf(MiB)));
      await uppy.upload();
      expect((await test.list()).map(({ status }) => status)).toEqual(['receiving']);
      uppy.removeFile(named(uppy, 'a').id);
      while ((await test.list())[0]?.status !== 'aborted');
    });

    it('files of other services and files without bytes are refused in words', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      const remote = {
        companionUrl: 'https://x.example',
        requestClientId: 'drive',
        url: 'https://x.example/1',
      };
      uppy.addFiles([
        { name: 'remote.txt', type: '', data: { size: 5 }, isRemote: true, remote } as never,
        fileOf('ghost.txt', 'x'),
      ]);
      uppy.setFileState(named(uppy, 'ghost.txt').id, { isGhost: true, data: undefined } as object);
      const result = await uppy.upload();
      expect(result?.failed?.map(({ error }) => error)).toEqual([
        'remote.txt lies with another service. Download it to this device, then add it from here.',
        'ghost.txt is no longer open in this browser. Choose the same file again, and it goes on.',
      ]);
      expect(await test.list()).toEqual([]);
    });

    it('the policy says what can be chosen, unless the app does', async () => {
      const policies = { photos: { types: ['image/*'], maxFileSize: 100 } };
      await using test = await setup({ policies });
      const uppy = test.uppy({ policy: 'photos' });
      const { restrictions } = uppy.opts;
      await until(uppy, () => uppy.opts.restrictions !== restrictions);
      expect(uppy.opts.restrictions).toMatchObject({ maxFileSize: 100, allowedFileTypes: ['image/*'] });
      expect(() => uppy.addFile(fileOf('a.txt', 'x'))).toThrow('You can only upload: image/*');
      expect(() => uppy.addFile(fileOf('a.png', bytesOf(101)))).toThrow(
        'a.png exceeds maximum allowed size of 100 B',
      );
      uppy.addFile(fileOf('b.png', bytesOf(100)));
      expect((await uppy.upload())?.successful).toHaveLength(1);

      const own = test.uppy({ policy: 'photos' }, { restrictions: { maxFileSize: 50 } });
      await until(own, () => own.opts.restrictions.allowedFileTypes !== null);
      expect(own.opts.restrictions).toMatchObject({ maxFileSize: 50, allowedFileTypes: ['image/*'] });
      // Another policy, and none at all.
      own.getPlugin('Chunkwise')?.setOptions({ policy: 'default' });
      await until(own, () => own.opts.restrictions.allowedFileTypes === null);
      own.removePlugin(own.getPlugin('Chunkwise') ?? expect.fail());
      expect(own.opts.restrictions).toMatchObject({ maxFileSize: 50, allowedFileTypes: null });
    });

    it('a type that only Uppy knows by its name is the type that the server is told', async () => {
      await using test = await setup({ policies: { default: { types: ['text/markdown'] } } });
      const uppy = test.uppy();
      uppy.addFile(fileOf('a.md', '# a'));
      expect((await uppy.upload())?.failed).toEqual([]);
      expect(await test.list()).toMatchObject([{ type: 'text/markdown' }]);
    });

    it('limits that cannot be asked for are logged, asked for again, and the uploader says no instead', async () => {
      await using test = await setup({ policies: { default: { types: ['image/*'] } } });
      const warnings: unknown[] = [];
      const logger = { debug() {}, warn: (message: unknown) => warnings.push(message), error() {} };
      test.signIn('nobody');
      const uppy = test.uppy({}, { logger });
      uppy.addFile(fileOf('a.txt', 'x'));
      const first = await uppy.upload();
      expect(first?.failed).toMatchObject([
        { error: 'You are not signed in. Sign in, or give a valid token.' },
      ]);
      expect(warnings).toContain(
        "Chunkwise: the server's limits are not known here, only checked there. You are not signed in. Sign in, or give a valid token.",
      );
      test.signIn('ann');
      const second = await uppy.retryAll();
      expect(second?.failed).toMatchObject([{ error: 'a.txt is text/plain; accepted are: image/*.' }]);
      await until(uppy, () => uppy.opts.restrictions.allowedFileTypes !== null);
    });

    it('restrictions: false asks for nothing', async () => {
      await using test = await setup({ policies: { default: { types: ['image/*'] } } });
      const uppy = test.uppy({ restrictions: false });
      uppy.addFile(fileOf('a.txt', 'x'));
      await uppy.upload();
      expect(uppy.opts.restrictions).toMatchObject({ maxFileSize: null, allowedFileTypes: null });
    });

    it('metadata are made for each file; a mistake in them fails that file only', async () => {
      const seen: unknown[] = [];
      const album = policy({
        input: z.object({ album: z.string() }),
        authorize: ({ metadata }) => seen.push(metadata) > 0,
      });
      await using test = await setup({ policies: { album } });
      const uppy = test.uppy({
        policy: 'album',
        metadata: (file) => {
          if (file.name === 'bad') throw new Error('bad has no album');
          return { album: String(file.meta.album) };
        },
      });
      uppy.addFiles([{ ...fileOf('a', 'a'), meta: { album: 'summer' } }, fileOf('bad', 'b')]);
      const result = await uppy.upload();
      // Asked twice: when the session begins, and when the file is published.
      expect(seen).toContainEqual({ album: 'summer' });
      expect(result?.failed).toMatchObject([{ name: 'bad', error: 'bad has no album' }]);
    });

    it('a button to upload is hidden while everything is hashed, and is there for what joins', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      uppy
        .use(Panel, { id: 'Panel', hideUploadButton: false })
        .use(Panel, { id: 'Bare', hideUploadButton: true });
      const hidden = () =>
        ['Panel', 'Bare'].map(
          (id) => (uppy.getPlugin(id)?.opts as PanelOptions | undefined)?.hideUploadButton,
        );
      uppy.addFiles([fileOf('a', 'a'), fileOf('b', 'b')]);
      const uploading = uppy.upload();
      expect(hidden()).toEqual([true, true]);
      uppy.addFile(fileOf('c', 'c'));
      expect(hidden()).toEqual([false, true]);
      uppy.removeFile(named(uppy, 'c').id);
      expect(hidden()).toEqual([true, true]);
      await uploading;
      expect(hidden()).toEqual([false, true]);
      uppy.addFile(fileOf('d', 'd'));
      const last = uppy.upload();
      expect(hidden()).toEqual([true, true]);
      uppy.cancelAll();
      expect(hidden()).toEqual([false, true]);
      await last;
    });

    it('a file has the name that people gave it', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      uppy.addFile(fileOf('a.txt', 'a'));
      uppy.setFileMeta(named(uppy, 'a.txt').id, { name: 'letter.txt' });
      await uppy.upload();
      expect(await test.list()).toMatchObject([{ name: 'letter.txt', relativePath: null }]);
    });

    it('without uploader and client it says what it needs', async () => {
      await using test = await setup();
      expect(() => test.uppy({ client: undefined } as object)).toThrow(
        'Chunkwise needs `uploader` or `client`: `.use(Chunkwise, { client: trpc.uploads })`.',
      );
      expect(() => test.uppy({ concurrency: 0 })).toThrow(RangeError);
    });
  });
}
