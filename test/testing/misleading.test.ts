/** What would make a test of an app fail, hang or pass for a wrong reason. */
import { createTRPCClient } from '@trpc/client';
import { initTRPC, TRPCError } from '@trpc/server';
import { expect, test } from 'vitest';
import type { UploaderOptions } from '../../client/index.js';
import { policy, type UploadsContext } from '../../server/index.js';
import { createTestUploads } from '../../testing/index.js';
import { CHUNK, image } from './support/app.js';

const policies = { default: policy({ threshold: CHUNK, chunkSize: CHUNK }) };
const TURNS = 300;

/** Many turns of the event loop: far more than the test's clock waits for before it moves. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** An app that answers 401 while `session.ok` is false. */
async function setup(options: UploaderOptions, headers?: () => Promise<Record<string, string>>) {
  const uploads = await createTestUploads({ policies });
  const session = { ok: true };
  const t = initTRPC.context<UploadsContext>().create({ isDev: false });
  const procedure = t.procedure.use(({ next }) => {
    if (!session.ok) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return next();
  });
  const router = t.router({ uploads: uploads.uploads.procedures(procedure) });
  const createContext = (opts: object) => ({ ...uploads.uploads.context(opts as never) });
  const link = uploads.link(router, { createContext, ...(headers && { headers }) });
  const uploader = uploads.uploader(createTRPCClient<typeof router>({ links: [link] }).uploads, options);
  return { uploads, session, uploader, [Symbol.asyncDispose]: uploads.close };
}

test('a sign-in that takes real time does not look as if nothing went on', async () => {
  await using app = await setup({
    async onUnauthorized() {
      await turns();
      app.session.ok = true;
    },
  });
  const startedAt = app.uploads.clock.now();
  app.session.ok = false;
  await app.uploader.upload(image(10));
  expect(app.uploads.clock.now()).toBe(startedAt);
});

test('one that never ends is given up by the clock, and holds up nothing afterwards', async () => {
  await using app = await setup({ patienceMs: 100_000, onUnauthorized: () => new Promise(() => {}) });
  app.session.ok = false;
  const task = app.uploader.add(image(10));
  await turns();
  expect(task.state.phase).toBe('waiting');
  await app.uploads.clock.advance(100_000);
  await expect(task.result).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await app.uploads.idle();
});

test('headers that take real time cost no retry', async () => {
  await using app = await setup({}, async () => {
    await turns();
    return { authorization: 'Bearer token' };
  });
  expect(await app.uploader.upload(image(10))).toMatchObject({ retries: 0 });
});

test('calls after the end of a test are refused instead of hanging', async () => {
  const test = await createTestUploads({ policies });
  const client = test.client('ann');
  await test.close();
  await expect(client.list.query({})).rejects.toThrow('This test is over');
  await expect((async () => test.files.stat('01ARZ3NDEKTSV4RRFFQ69G5FAV'))()).rejects.toThrow(
    'This test is over',
  );
  await test.uploads.close();
});

test('a fault whose request never came that far is pending, and counts nothing', async () => {
  await using app = await setup({
    onUnauthorized: () => {
      app.session.ok = true;
    },
  });
  const dropped = app.uploads.faults.drop({ at: 'body' });
  const corrupted = app.uploads.faults.corrupt();
  const task = app.uploader.add(image(10));
  task.subscribe(() => {
    if (task.state.phase === 'uploading' && task.state.retries === 0) app.session.ok = false;
  });
  await task.result;
  // The first request was refused before its body was read.
  expect([dropped.count, corrupted.count, app.uploads.faults.pending]).toEqual([0, 1, 1]);
  app.uploads.faults.clear();
  expect(app.uploads.faults.pending).toBe(0);
});
