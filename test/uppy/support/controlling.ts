import { describe, expect, it } from 'vitest';
import type { UploadsClient } from '../../../client/index.js';
import { MiB } from '../../../contract/index.js';
import { record, stepsBack } from './record.js';
import {
  bytesOf,
  fileOf,
  gate,
  named,
  type Setup,
  setup,
  type TestFile,
  type TestUppy,
  until,
  withUncaught,
} from './setup.js';

/** Files of 2 MiB have eight chunks; four of them arrive. @returns what lets the others through */
async function halfway(test: Setup, uppy: TestUppy): Promise<() => void> {
  const letThrough = test.hold(4);
  const half = () => Number(uppy.getFiles().find(({ name }) => name === 'a')?.progress.bytesUploaded) >= MiB;
  await until(uppy, half);
  return letThrough;
}

async function statuses(test: Setup): Promise<string[]> {
  return (await test.list()).map(({ status }) => status).sort();
}

/** The server has come to know of it: aborts go out on their own. */
async function untilServer(test: Setup, ...wanted: string[]): Promise<void> {
  while (String(await statuses(test)) !== String(wanted));
}

/** What people do to files on their way. */
export function describeControlling(version: string): void {
  describe(`control in Uppy ${version}`, () => {
    it('a file is paused and goes on; all are paused and go on', async () => {
      await using test = await setup();
      await using uploader = test.uploader({ concurrency: 1 });
      const uppy = test.uppy({ uploader, client: undefined } as object);
      const told = record(uppy);
      const bytes = bytesOf(2 * MiB);
      uppy.addFile(fileOf('a', bytes));
      const uploading = uppy.upload();
      const phase = () => uploader.tasks[0]?.state.phase;
      const paused = () =>
        new Promise<void>((resolve) => {
          const look = () => phase() === 'paused' && resolve();
          uploader.tasks[0]?.subscribe(look);
          look();
        });
      const letThrough = await halfway(test, uppy);
      expect(uppy.pauseResume(named(uppy, 'a').id)).toBe(true);
      await paused();
      expect(uppy.getObjectOfFilesPerState().isAllPaused).toBe(true);
      expect(uppy.pauseResume(named(uppy, 'a').id)).toBe(false);
      await until(uppy, () => phase() === 'uploading');
      uppy.pauseAll();
      await paused();
      letThrough();
      uppy.resumeAll();
      expect((await uploading)?.successful).toHaveLength(1);
      const { path } = named(uppy, 'a').response?.body ?? {};
      expect(Buffer.compare(await test.stored(String(path)), bytes)).toBe(0);
      expect(stepsBack(told, 'upload-progress', 'a')).toEqual([]);
    });

    it('all are paused before one has started, and say so', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      uppy.addFiles([fileOf('a', bytesOf(MiB)), fileOf('b', bytesOf(MiB))]);
      const uploading = uppy.upload();
      uppy.pauseAll();
      expect(uppy.getFiles().map(({ isPaused }) => isPaused)).toEqual([true, true]);
      uppy.resumeAll();
      expect(uppy.getFiles().map(({ isPaused }) => isPaused)).toEqual([false, false]);
      expect((await uploading)?.successful).toHaveLength(2);
    });

    it('a file that is taken away is aborted on the server, and the others arrive', async () => {
      await using test = await setup();
      const uppy = test.uppy({ concurrency: 1 });
      uppy.addFiles([fileOf('a', bytesOf(2 * MiB)), fileOf('b', bytesOf(MiB))]);
      const uploading = uppy.upload();
      await halfway(test, uppy);
      uppy.removeFile(named(uppy, 'a').id);
      expect((await uploading)?.successful?.map(({ name }) => name)).toEqual(['b']);
      await untilServer(test, 'aborted', 'completed');
    });

    it('chosen again at once, it begins anew when the server has aborted it', async () => {
      await using test = await setup();
      const { policy, init, chunk, resume, abort } = test.client;
      const asked = gate();
      const client: UploadsClient = {
        ...{ policy, init, chunk, resume },
        abort: { mutate: (...args) => asked.opened.then(() => abort.mutate(...args)) },
      };
      const uppy = test.uppy({ client, concurrency: 1 });
      const file = fileOf('a', bytesOf(2 * MiB));
      uppy.addFile(file);
      const first = uppy.upload();
      const letThrough = await halfway(test, uppy);
      uppy.removeFile(named(uppy, 'a').id);
      // Taken away once more, it is not sent twice.
      uppy.addFile(file);
      const second = uppy.upload();
      uppy.removeFile(named(uppy, 'a').id);
      uppy.addFile(file);
      const third = uppy.upload();
      await first;
      letThrough();
      // Whatever does not wait for the abort has time enough to join what is aborted.
      await test.uploader().upload(new File([bytesOf(MiB)], 'b'));
      asked.open();
      expect((await third)?.successful).toMatchObject([
        { name: 'a', response: { body: { resumed: false } } },
      ]);
      expect((await second)?.failed).toEqual([]);
      expect(await statuses(test)).toEqual(['aborted', 'completed', 'completed']);
    });

    it.each([
      ...['preprocess-progress', 'preprocess-complete', 'upload-start', 'upload-progress'],
      ...['postprocess-progress', 'postprocess-complete', 'upload-success'],
    ])('a file can be taken away by who hears of %s; the others arrive', async (event) => {
      await using test = await setup({
        ...{ policies: { default: { beforePublish: () => true } }, completionWaitMs: 1 },
      });
      const uppy = test.uppy();
      const told = record(uppy);
      (uppy.on as (event: string, listener: (files: TestFile | TestFile[]) => void) => void)(
        event,
        (files) => {
          for (const { id, name } of [files].flat()) if (name === 'b') uppy.removeFile(id);
        },
      );
      uppy.addFiles(['a', 'b', 'c'].map((name) => fileOf(name, bytesOf(MiB))));
      const { result, uncaught } = await withUncaught(() => uppy.upload());
      expect(uncaught).toEqual([]);
      expect(result?.successful?.map(({ name }) => name)).toEqual(['a', 'c']);
      expect(uppy.getFiles().map(({ name }) => name)).toEqual(['a', 'c']);
      const started = told.filter((one) => one.event === 'upload-start').map(({ name }) => name);
      expect(new Set(started).size).toBe(started.length);
    });

    it('"cancel" aborts all of them', async () => {
      await using test = await setup();
      const uppy = test.uppy({ concurrency: 1 });
      const told = record(uppy);
      uppy.addFiles([fileOf('a', bytesOf(2 * MiB)), fileOf('b', bytesOf(2 * MiB))]);
      const uploading = uppy.upload();
      await halfway(test, uppy);
      const before = told.length;
      uppy.cancelAll();
      expect(await uploading).toMatchObject({ successful: [], failed: [] });
      await untilServer(test, ...(await statuses(test)).map(() => 'aborted'));
      expect(told.slice(before)).toEqual([]);
      expect(uppy.getState()).toMatchObject({ files: {}, currentUploads: {}, error: null });
    });

    it('with discardOnCancel: false the server keeps it, and the same file goes on', async () => {
      await using test = await setup();
      await using uploader = test.uploader({ concurrency: 1 });
      const uppy = test.uppy({ uploader, client: undefined, discardOnCancel: false } as object);
      const file = fileOf('a', bytesOf(2 * MiB));
      uppy.addFile(file);
      const uploading = uppy.upload();
      await halfway(test, uppy);
      uppy.removeFile(named(uppy, 'a').id);
      await uploading;
      expect(await statuses(test)).toEqual(['receiving']);
      expect(uploader.tasks).toEqual([]);
      test.onChunk(() => undefined);
      uppy.addFile(file);
      const again = await uppy.upload();
      expect(again?.successful).toMatchObject([{ response: { body: { resumed: true } } }]);
      expect(Number(again?.successful?.[0]?.response?.body?.sentBytes)).toBeLessThan(2 * MiB);
    });

    it.each(['own', 'shared'])(
      'closing Uppy keeps what the server has, with an uploader of its %s',
      async (whose) => {
        await using test = await setup();
        await using shared = test.uploader({ concurrency: 1 });
        const choice =
          whose === 'own' ? { concurrency: 1 } : ({ uploader: shared, client: undefined } as object);
        const uppy = test.uppy(choice);
        uppy.addFile(fileOf('a', bytesOf(2 * MiB)));
        const uploading = uppy.upload();
        await halfway(test, uppy);
        uppy.destroy();
        await uploading;
        expect(await statuses(test)).toEqual(['receiving']);
        if (whose === 'shared')
          expect(await shared.upload(new File(['x'], 'x'))).toMatchObject({ status: 'completed' });
      },
    );

    it('an Uppy that drops its files without a word ends their uploads', async () => {
      await using test = await setup();
      const uppy = test.uppy({ concurrency: 1 });
      uppy.addFile(fileOf('a', bytesOf(2 * MiB)));
      const uploading = uppy.upload();
      const letThrough = await halfway(test, uppy);
      uppy.clear();
      letThrough();
      // Uppy itself does not get over the loss of its files.
      await Promise.allSettled([uploading]);
      await untilServer(test, 'aborted');
    });

    it('the plugin is taken out while it uploads', async () => {
      await using test = await setup();
      const uppy = test.uppy({ concurrency: 1 });
      uppy.addFile(fileOf('a', bytesOf(2 * MiB)));
      const uploading = uppy.upload();
      await halfway(test, uppy);
      uppy.removePlugin(uppy.getPlugin('Chunkwise') ?? expect.fail());
      expect((await uploading)?.failed).toMatchObject([{ error: 'The upload was cancelled.' }]);
      expect(uppy.getState().capabilities.resumableUploads).toBe(false);
      expect(await statuses(test)).toEqual(['receiving']);
    });

    it('files join while others upload, and a hundred leave no listener behind', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      const told = record(uppy);
      let listeners = 0;
      const { on, off } = uppy;
      uppy.on = (...args) => {
        listeners++;
        return on.apply(uppy, args);
      };
      uppy.off = (...args) => {
        listeners--;
        return off.apply(uppy, args);
      };
      const many = Array.from({ length: 100 }, (_, index) => fileOf(`${index}.txt`, `file ${index}`));
      uppy.addFiles(many);
      const uploading = uppy.upload();
      await until(uppy, () => uppy.getObjectOfFilesPerState().completeFiles.length > 0);
      uppy.addFile(fileOf('late', bytesOf(MiB)));
      const late = uppy.upload();
      // It is not a file that nobody sends, though it waits for its turn.
      expect(named(uppy, 'late').progress.uploadStarted).not.toBeNull();
      expect((await uploading)?.successful).toHaveLength(100);
      expect((await late)?.successful).toHaveLength(1);
      expect(told.filter(({ event }) => event === 'upload-success')).toHaveLength(101);
      expect(told.filter(({ event }) => event === 'upload-start')).toHaveLength(101);
      // `until` had one of its own at a time.
      expect(listeners).toBe(0);
    });
  });
}
