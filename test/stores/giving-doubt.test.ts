import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkerPool } from '../../server/pool.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { carry } from '../support/carry.js';
import { DISK_KINDS } from '../support/disk-kinds.js';
import { createFaultySteps } from '../support/faulty-steps.js';
import { sample, temporaryFolder } from '../support/stores.js';

let tasks: TaskRunner;
beforeAll(() => {
  tasks = createWorkerPool({ worker: workerUrl });
});
afterAll(() => tasks[Symbol.asyncDispose]());

const make = DISK_KINDS['in-place'].make;

async function published() {
  const folder = await temporaryFolder();
  const root = path.join(folder.path, 'root');
  const file = sample({ size: 40, chunkSize: 7 });
  const store = make({ root, tasks });
  await carry(store, file);
  return { root, file, store, app: path.join(folder.path, 'app'), ...folder };
}

describe("an app's folder that is a link", () => {
  it.each(['link/film.mp4', 'link/new/film.mp4'])('takes a file at %s', async (target) => {
    await using place = await published();
    const { file, store, app } = place;
    mkdirSync(path.join(app, 'real'), { recursive: true });
    symlinkSync(path.join(app, 'real'), path.join(app, 'link'));
    const to = path.join(app, target);
    expect(await store.giveAway(file.upload, to, async () => file.chunks)).toBe(true);
    await store.letGo(file.upload, to);
    expect(Buffer.compare(readFileSync(to), file.bytes)).toBe(0);
  });
});

/** Whether a move to `locked/film.mp4` can be taken back where calls about the target fail. */
async function takenBack(place: Awaited<ReturnType<typeof published>>, name: string, code: string) {
  const { root, file, store, app } = place;
  let calls = 0;
  const steps = createFaultySteps(tasks, (at) =>
    // The first one is of the published file, or of the root.
    at.name === name && ++calls > 1 ? { code } : null,
  );
  const undone = await make({ root, ...steps }).takeBack(file.upload, path.join(app, 'locked/film.mp4'));
  expect(calls).toBeGreaterThan(1);
  expect(existsSync(store.publishedPath(file.upload))).toBe(true);
  return undone;
}

describe('a target that is out of reach', () => {
  it.each([
    ['lstat', 'EACCES'],
    ['realpath', 'EACCES'],
    ['lstat', 'EIO'],
    ['realpath', 'EIO'],
    ['lstat', 'ESTALE'],
    ['realpath', 'ENOTCONN'],
  ])(
    'keeps nobody from taking it back, and that it may not be undone is told: %s, %s',
    async (name, code) => {
      await using place = await published();
      expect(await takenBack(place, name, code)).toBe(false);
    },
  );

  it.each([
    ['lstat', 'SERVER_BUSY'],
    ['realpath', 'SERVER_BUSY'],
  ])('is not one where only the server lacks descriptors: %s', async (name, code) => {
    await using place = await published();
    await expect(takenBack(place, name, 'EMFILE')).rejects.toMatchObject({ code });
  });

  it('is not one where nothing can have been given', async () => {
    await using place = await published();
    expect(await takenBack(place, 'realpath', 'ENOENT')).toBe(true);
    expect(await takenBack(place, 'realpath', 'ENOTDIR')).toBe(true);
  });

  it('is not what the disk of the server itself is', async () => {
    await using place = await published();
    const steps = createFaultySteps(tasks, ({ name }) => (name === 'lstat' ? { code: 'EIO' } : null));
    const store = make({ root: place.root, ...steps });
    await expect(store.takeBack(place.file.upload, path.join(place.app, 'x'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});

it('what is written to a file once it is the app’s is in no answer that began before', async () => {
  await using place = await published();
  const { file, store, app } = place;
  const stream = await store.open(file.upload);
  const to = path.join(app, 'log.txt');
  await store.giveAway(file.upload, to, async () => file.chunks);
  await store.letGo(file.upload, to);
  appendFileSync(to, 'more');
  const read = Buffer.concat((await stream?.toArray()) ?? []);
  expect(Buffer.compare(read, file.bytes)).toBe(0);
});
