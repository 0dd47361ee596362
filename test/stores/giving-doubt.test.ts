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

it('a target that may not be looked at any more keeps nobody from taking it back', async () => {
  await using place = await published();
  const { root, file, store, app } = place;
  let lstats = 0;
  const steps = createFaultySteps(tasks, ({ name }) =>
    // The first one is of the published file.
    name === 'lstat' && ++lstats > 1 ? { code: 'EACCES' } : null,
  );
  await make({ root, ...steps }).takeBack(file.upload, path.join(app, 'locked/film.mp4'));
  expect(existsSync(store.publishedPath(file.upload))).toBe(true);
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
