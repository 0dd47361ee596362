import { Uppy } from '@uppy/core';
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../../contract/index.js';
import { record, stepsBack, storyOf } from './record.js';
import { bytesOf, fileOf, gate, named, setup, until, withUncaught } from './setup.js';

/** Files on their way, in that version of Uppy. */
export function describeUploading(version: string): void {
  describe(`Chunkwise in Uppy ${version}`, () => {
    it('is tested with that version', () => {
      expect(Uppy.VERSION.split('.')[0]).toBe(version);
    });

    it('files arrive whole, two equal ones in one folder as two; events are in order, numbers never go back', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      const told = record(uppy);
      const large = bytesOf(3 * MiB + 5);
      uppy.addFiles([
        fileOf('large.bin', large),
        fileOf('same.txt', 'equal', 'folder/a/same.txt'),
        fileOf('same.txt', 'equal', 'folder/b/same.txt'),
        fileOf('empty', ''),
      ]);
      const result = await uppy.upload();
      expect(result?.failed).toEqual([]);
      expect(result?.successful).toHaveLength(4);
      const file = named(uppy, 'large.bin');
      expect(Buffer.compare(await test.stored(String(file.response?.body?.path)), large)).toBe(0);
      const uploads = await test.list();
      expect(uploads.map(({ name, relativePath }) => relativePath ?? name).sort()).toEqual([
        ...['empty', 'folder/a/same.txt', 'folder/b/same.txt', 'large.bin'],
      ]);
      // All start together, as soon as one does; apart from that each goes through its own life.
      const others = told.filter(({ event }) => event !== 'upload-start');
      expect(storyOf(others, 'large.bin')).toEqual(LIFE.filter((event) => event !== 'upload-start'));
      expect(told.filter(({ event }) => event === 'upload-start')).toHaveLength(4);
      for (const event of ['preprocess-progress', 'upload-progress'])
        expect(stepsBack(told, event, 'large.bin')).toEqual([]);
      expect(told.findLast((one) => one.event === 'upload-progress' && one.name === 'large.bin')?.value).toBe(
        large.length,
      );
      expect(uppy.getState()).toMatchObject({ error: null, currentUploads: {} });
      await until(uppy, () => uppy.getState().totalProgress === 100);
    });

    it('hands over what the server answered', async () => {
      await using test = await setup({ policies: { default: { completed: () => ({ page: 7 }) } } });
      const uppy = test.uppy({ downloadUrl: ({ uploadId }) => `/files/${uploadId}` });
      uppy.addFile(fileOf('a.txt', 'hello'));
      const answered: unknown[] = [];
      uppy.on('upload-success', (_, response) => answered.push(response));
      await uppy.upload();
      const [view] = await test.list();
      const { uploadId, hash } = view ?? {};
      const uploadURL = `/files/${uploadId}`;
      const body = {
        uploadId,
        hash,
        path: `files/${uploadId}/a.txt`,
        size: 5,
        data: { page: 7 },
        resumed: false,
      };
      expect(answered).toMatchObject([{ status: 200, bytesUploaded: 5, uploadURL, body }]);
      expect(named(uppy, 'a.txt')).toMatchObject({ uploadURL, response: { body } });
    });

    it('hashing is pre-processing: nothing has started meanwhile, and its share is told', async () => {
      await using test = await setup();
      const uploader = test.uploader();
      const uppy = test.uppy({ uploader, client: undefined } as object);
      uppy.addFile(fileOf('a', bytesOf(4 * MiB)));
      const told = record(uppy);
      const seen: unknown[] = [];
      uppy.on('preprocess-progress', (file) => {
        const { preprocess, uploadStarted } = uppy.getFile(file?.id ?? '').progress;
        seen.push({ preprocess, uploadStarted });
      });
      const uploading = uppy.upload();
      // From the first moment on, so that the Dashboard does not offer to upload them.
      expect(named(uppy, 'a').progress).toMatchObject({
        uploadStarted: null,
        preprocess: { mode: 'determinate', value: 0, message: 'Preparing the upload' },
      });
      await uploading;
      expect(seen.at(-1)).toEqual({
        uploadStarted: null,
        preprocess: { mode: 'determinate', value: 1, message: 'Checking files before the upload' },
      });
      expect(storyOf(told, 'a')).toEqual(LIFE);
      expect(named(uppy, 'a').progress.preprocess).toBeUndefined();
      await uploader.close();
    });

    it('a file that the server has is complete without being sent', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      const file = fileOf('a', bytesOf(MiB));
      uppy.addFile(file);
      await uppy.upload();
      uppy.clear();
      const told = record(uppy);
      uppy.addFile(file);
      const result = await uppy.upload();
      expect(result?.successful).toMatchObject([{ response: { body: { resumed: true, sentBytes: 0 } } }]);
      expect(storyOf(told, 'a')).toEqual(LIFE);
      expect(uppy.getObjectOfFilesPerState()).toMatchObject({ newFiles: [], isUploadInProgress: false });
    });

    it("a mistake in the app's own code is reported as such, and no file suffers from it", async () => {
      await using test = await setup();
      const uppy = test.uppy({
        downloadUrl: ({ path }) => {
          if (path.endsWith('/a')) throw new Error('no address');
          return path;
        },
      });
      uppy.on('upload-success', (file) => {
        if (file?.name === 'b') throw new Error('a broken listener');
      });
      uppy.addFiles(['a', 'b', 'c'].map((name) => fileOf(name, name)));
      const { result, uncaught } = await withUncaught(() => uppy.upload());
      expect(result?.successful).toHaveLength(3);
      expect(uncaught.map(String).sort()).toEqual(['Error: a broken listener', 'Error: no address']);
      expect(uppy.getFiles().map(({ uploadURL }) => uploadURL === undefined)).toEqual([true, false, false]);
    });

    it('why nothing moves is told once, for all files; they go on by themselves', async () => {
      await using test = await setup();
      const uppy = test.uppy();
      const told: unknown[] = [];
      uppy.on('info-visible', () => told.push(uppy.getState().info));
      let down = true;
      const failures: number[] = [];
      test.onChunk((index) => {
        if (!down) return undefined;
        down = failures.push(index) < 4;
        throw new TypeError('fetch failed');
      });
      uppy.addFiles([fileOf('a', bytesOf(MiB)), fileOf('b', bytesOf(MiB))]);
      const result = await uppy.upload();
      expect(result?.successful).toHaveLength(2);
      expect(failures).toHaveLength(4);
      const message = 'Waiting: the upload goes on by itself';
      expect(told).toMatchObject([
        [{ type: 'warning', message, details: expect.stringContaining('The server cannot be reached') }],
      ]);
    });

    it('a listener that throws each time keeps no file from arriving, and is told of each once', async () => {
      await using test = await setup();
      const uppy = test.uppy({ concurrency: 1 });
      const large = fileOf('large', bytesOf(2 * MiB));
      uppy.addFile(large);
      await uppy.upload();
      uppy.cancelAll();
      const letThrough = test.hold(4);
      const told = record(uppy);
      for (const event of ['upload-start', 'preprocess-complete', 'upload-progress'] as const)
        uppy.on(event, () => {
          throw new Error('broken');
        });
      // One that the server has; one that is under way; and one that joins.
      uppy.addFiles([large, fileOf('other', bytesOf(2 * MiB))]);
      const { result, uncaught } = await withUncaught(async () => {
        const first = uppy.upload();
        await until(uppy, () => named(uppy, 'other').progress.uploadStarted !== null);
        uppy.addFile(fileOf('late', 'x'));
        const late = uppy.upload();
        letThrough();
        return Promise.all([first, late]);
      });
      expect(result.map((one) => one?.successful?.map(({ name }) => name))).toEqual([
        ['large', 'other'],
        ['late'],
      ]);
      expect(new Set(uncaught.map(String))).toEqual(new Set(['Error: broken']));
      expect(told.filter(({ event }) => event === 'upload-start').map(({ name }) => name)).toEqual([
        ...['large', 'other', 'late'],
      ]);
    });

    it('assembling is post-processing, and is not complete before it is', async () => {
      const scan = gate();
      const policies = { default: { beforePublish: () => scan.opened.then(() => true) } };
      await using test = await setup({ policies, completionWaitMs: 1 });
      const uppy = test.uppy({ locale: { strings: { assemblingFiles: 'Gleich fertig' } } });
      const told = record(uppy);
      uppy.addFile(fileOf('a', bytesOf(300 * KiB)));
      const uploading = uppy.upload();
      await until(uppy, () => named(uppy, 'a').progress.postprocess !== undefined);
      expect(named(uppy, 'a').progress).toMatchObject({
        uploadComplete: true,
        postprocess: { mode: 'indeterminate', message: 'Gleich fertig' },
      });
      expect(uppy.getObjectOfFilesPerState()).toMatchObject({
        isAllComplete: false,
        isUploadInProgress: false,
      });
      scan.open();
      await uploading;
      expect(storyOf(told, 'a').slice(-3)).toEqual([
        ...['postprocess-progress', 'postprocess-complete', 'upload-success'],
      ]);
      expect(named(uppy, 'a').progress).toMatchObject({ uploadComplete: true, complete: true });
      expect(named(uppy, 'a').progress.postprocess).toBeUndefined();
      expect(uppy.getObjectOfFilesPerState().isAllComplete).toBe(true);
    });

    it('a file that is refused after it was sent is not complete, and can be tried again', async () => {
      const scan = gate();
      let clean = false;
      const beforePublish = async () => {
        await scan.opened;
        return clean || 'There is a virus in it.';
      };
      await using test = await setup({ policies: { default: { beforePublish } }, completionWaitMs: 1 });
      const uppy = test.uppy();
      const told = record(uppy);
      uppy.addFile(fileOf('a', 'x'));
      const uploading = uppy.upload();
      await until(uppy, () => named(uppy, 'a').progress.postprocess !== undefined);
      scan.open();
      expect((await uploading)?.failed).toMatchObject([{ error: 'There is a virus in it.' }]);
      expect(named(uppy, 'a').progress).toMatchObject({ uploadComplete: false });
      expect(storyOf(told, 'a').slice(-2)).toEqual(['postprocess-complete', 'upload-error']);
      clean = true;
      expect((await uppy.retryAll())?.successful).toHaveLength(1);
      expect(named(uppy, 'a')).toMatchObject({ error: null, progress: { complete: true } });
    });
  });
}

const LIFE = [
  'preprocess-progress',
  'preprocess-complete',
  'upload-start',
  'upload-progress',
  'upload-success',
];
