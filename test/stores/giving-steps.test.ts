import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkerPool } from '../../server/pool.js';
import type { Store } from '../../server/stores/store.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { carry, filesBelow } from '../support/carry.js';
import { DISK_KINDS } from '../support/disk-kinds.js';
import { createFaultySteps, type StepScript } from '../support/faulty-steps.js';
import { idOf, type Sample, sample, temporaryFolder } from '../support/stores.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { flip } from './conformance-context.js';

let tasks: TaskRunner;
beforeAll(() => {
  tasks = createWorkerPool({ worker: workerUrl });
});
afterAll(() => tasks[Symbol.asyncDispose]());

const make = DISK_KINDS['in-place'].make;

/** To another file system the first link fails, and the second one, of the copy, is made. */
function across(script: StepScript): StepScript {
  let links = 0;
  return (at) => script(at) ?? (at.name === 'link' && links++ % 2 === 0 ? { code: 'EXDEV' } : null);
}
const WAYS: Record<string, (script: StepScript) => StepScript> = {
  'on one file system': (script) => script,
  'to another one': across,
};

async function published(size = 40) {
  const folder = await temporaryFolder();
  const root = path.join(folder.path, 'root');
  const file = sample({ size, chunkSize: Math.max(7, Math.ceil(size / 10)) });
  const store = make({ root, tasks });
  await carry(store, file);
  const to = path.join(folder.path, 'app/new/film.mp4');
  return { root, file, store, to, source: store.publishedPath(file.upload), ...folder };
}

const give = (store: Store, file: Sample, to: string) =>
  store.giveAway(file.upload, to, async () => file.chunks);

/** Whatever happened: the target is whole or not there, and one of both names is. */
function expectNothingLost({ file, to, source }: { file: Sample; to: string; source: string }): void {
  const places = [to, source].filter((place) => existsSync(place));
  expect(places.length).toBeGreaterThan(0);
  for (const place of places) expect(Buffer.compare(readFileSync(place), file.bytes)).toBe(0);
}

function expectMoved({ root, file, to }: { root: string; file: Sample; to: string }): void {
  expect(Buffer.compare(readFileSync(to), file.bytes)).toBe(0);
  expect(readdirSync(path.dirname(to))).toEqual([path.basename(to)]);
  expect(filesBelow(root, 'files')).toEqual([]);
}

describe.each(Object.entries(WAYS))('moving %s', (_way, route) => {
  it('goes on after a process that stopped before any step', async () => {
    let sawWholeRun = false;
    for (let stopAt = 1; !sawWholeRun; stopAt++) {
      await using place = await published();
      const { root, file, to } = place;
      const steps = createFaultySteps(
        tasks,
        route(({ step }) => (step === stopAt ? 'stop' : null)),
      );
      const broken = make({ root, ...steps });
      let isGiven = false;
      sawWholeRun = await (async () => {
        isGiven = await give(broken, file, to);
        await broken.letGo(file.upload, to);
      })().then(
        () => true,
        () => false,
      );
      expect(sawWholeRun).toBe(steps.steps < stopAt);
      expectNothingLost(place);

      const again = make({
        root,
        ...createFaultySteps(
          tasks,
          route(() => null),
        ),
      });
      if (!isGiven) expect(await give(again, file, to)).toBe(true);
      await again.letGo(file.upload, to);
      expectMoved(place);
    }
  });

  it('is undone after a process that stopped before any step', async () => {
    let sawWholeRun = false;
    for (let stopAt = 1; !sawWholeRun; stopAt++) {
      await using place = await published();
      const { root, file, to, source } = place;
      const stopping = createFaultySteps(
        tasks,
        route(({ step }) => (step === stopAt ? 'stop' : null)),
      );
      sawWholeRun = await give(make({ root, ...stopping }), file, to).then(
        () => true,
        () => false,
      );
      const undoing = createFaultySteps(tasks, ({ step }) => (step === stopAt ? 'stop' : null));
      await make({ root, ...undoing })
        .takeBack(file.upload, to)
        .catch(() => undefined);
      await make({ root, tasks }).takeBack(file.upload, to);
      expect(new Uint8Array(readFileSync(source))).toEqual(file.bytes);
      if (existsSync(path.dirname(to))) expect(readdirSync(path.dirname(to))).toEqual([]);
    }
  });

  const answers = { ENOSPC: 'STORAGE_FULL', EIO: 'STORE_UNAVAILABLE' };
  for (const [code, answer] of Object.entries(answers))
    it(`answers ${answer} for ${code} at any step, and goes on once it has passed`, async () => {
      for (let failAt = 1; ; failAt++) {
        await using place = await published();
        const { root, file, to } = place;
        const steps = createFaultySteps(
          tasks,
          route(({ step }) => (step === failAt ? { code } : null)),
        );
        const store = make({ root, ...steps });
        const failure: unknown = await give(store, file, to).then(
          () => null,
          (error: unknown) => error,
        );
        if (steps.steps < failAt) return expect(failure).toBeNull();
        // What removes a copy after another failure may fail as well; that is not told.
        expect(failure).toMatchObject({ name: 'UploadError', code: answer, retryable: true });
        expectNothingLost(place);
        expect(await give(make({ root, tasks }), file, to)).toBe(true);
        await make({ root, tasks }).letGo(file.upload, to);
        expectMoved(place);
      }
    });

  it.each(['EACCES', 'EROFS'])('says what to do where the folder is not to be written: %s', async (code) => {
    for (const name of ['mkdir', 'link']) {
      await using place = await published();
      const steps = createFaultySteps(tasks, (at) => (at.name === name ? { code } : null));
      await expect(give(make({ root: place.root, ...steps }), place.file, place.to)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(/^The target's folder cannot be written to\. Give .*$/),
        cause: { code },
      });
    }
  });

  it('says what to do where there are no hard links, and leaves nothing behind', async () => {
    await using place = await published();
    const { root, file, to } = place;
    const noLinks = (script: StepScript): StepScript => {
      const routed = route(script);
      return (at) => routed(at) ?? (at.name === 'link' ? { code: 'EPERM' } : null);
    };
    const store = make({
      root,
      ...createFaultySteps(
        tasks,
        noLinks(() => null),
      ),
    });
    await expect(give(store, file, to)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/no hard links.*files\.open/),
    });
    await store.takeBack(file.upload, to);
    expect(readdirSync(path.dirname(to))).toEqual([]);
    expectNothingLost(place);
  });

  it('has every name on the disk before it answers', async () => {
    await using place = await published();
    const steps = createFaultySteps(
      tasks,
      route(() => null),
    );
    await give(make({ root: place.root, ...steps }), place.file, place.to);
    const { names } = steps;
    // Each folder that was made, in its parent, before the next step; the link in its folder at the end.
    expect(names.filter((name) => name === 'mkdir')).toHaveLength(2);
    for (const [at, name] of names.entries()) if (name === 'mkdir') expect(names[at + 1]).toBe('syncFolder');
    expect(names.at(-1)).toBe('syncFolder');
    expect(names.lastIndexOf('link')).toBeLessThan(names.length - 1);
    const copied = names.indexOf('copyFile');
    if (copied >= 0)
      expect([...new Set(names.slice(copied, names.lastIndexOf('link')))]).toEqual([
        'copyFile',
        'syncFile',
        'verifyChunks',
      ]);
  });
});

it('a copy that is not what was uploaded is given to nobody', async () => {
  await using place = await published();
  const { root, file, to, source } = place;
  flip(source, 15);
  const store = make({
    root,
    ...createFaultySteps(
      tasks,
      across(() => null),
    ),
  });
  await expect(give(store, file, to)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    cause: { message: expect.stringMatching(/is not what was uploaded\. Run `chunkwise verify`/) },
  });
  expect(readdirSync(path.dirname(to))).toEqual([]);
  expect(existsSync(source)).toBe(true);
});

it('a name that is taken on another file system costs no copy', async () => {
  await using place = await published();
  mkdirSync(place.to, { recursive: true });
  const steps = createFaultySteps(
    tasks,
    across(() => null),
  );
  await expect(give(make({ root: place.root, ...steps }), place.file, place.to)).rejects.toMatchObject({
    code: 'TARGET_EXISTS',
  });
  expect(steps.names).not.toContain('copyFile');
});

const shared = '/dev/shm';
it.skipIf(!existsSync(shared))('moves to a real other file system (needs /dev/shm)', async () => {
  await using place = await published(100_000);
  const app = path.join(shared, path.basename(path.dirname(place.root)));
  try {
    const to = path.join(app, 'film.mp4');
    expect(await give(place.store, place.file, to)).toBe(true);
    await place.store.letGo(place.file.upload, to);
    expectMoved({ ...place, to });
  } finally {
    rmSync(app, { recursive: true, force: true });
  }
});

it('finds no room on another file system: nothing is lost, and no part of a copy stays', async (ctx) => {
  await using place = await published(300_000);
  const small = path.join(path.dirname(place.root), 'small');
  const mounted = mountTmpfs(small, 'size=128k');
  if ('reason' in mounted) return ctx.skip(mounted.reason);
  using _mount = mounted;
  const to = path.join(small, 'film.mp4');
  await expect(give(place.store, place.file, to)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  expect(readdirSync(small)).toEqual([]);
  expectNothingLost({ ...place, to });
  expect(await place.store.published({ ...place.file.upload, id: idOf(1) })).not.toBeNull();
});

it('is not taken in by a second way to the published file itself', async (ctx) => {
  await using place = await published();
  const { root, file, store, source } = place;
  const second = path.join(path.dirname(root), 'second');
  mkdirSync(second);
  try {
    execFileSync('mount', ['--bind', path.join(root, 'files'), second], { stdio: 'pipe' });
  } catch (error) {
    return ctx.skip(`a folder cannot be mounted here: ${String(error)}`);
  }
  try {
    const to = path.join(second, path.relative(path.join(root, 'files'), source));
    await expect(give(store, file, to)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    await store.takeBack(file.upload, to);
  } finally {
    execFileSync('umount', ['-l', second], { stdio: 'pipe' });
  }
  expect(new Uint8Array(readFileSync(source))).toEqual(file.bytes);
});
