import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTRPCClient } from '@trpc/client';
import { createTestUploads } from 'chunkwise/testing';
import { createPolicies, createRouter, owner, type Photos } from './app.js';

const photo = () => new File([new Uint8Array(40_000_000)], 'holiday.jpg', { type: 'image/jpeg' });
const summer = { policy: 'albums', metadata: { album: 'summer' } } as const;

/** The app on uploads of its own, and what its tests look at. */
async function createTestApp() {
  const photos: Photos = new Map();
  const server = await createTestUploads({ owner, policies: createPolicies(photos) });
  const router = createRouter(server.uploads);
  const uploaderOf = (user: string | null) => {
    const link = server.link(router, {
      createContext: (opts) => ({ ...server.uploads.context(opts), user }),
    });
    return server.uploader(createTRPCClient<typeof router>({ links: [link] }).uploads);
  };
  return { photos, server, uploaderOf, [Symbol.asyncDispose]: () => server.close() };
}

test('a photo is recorded once, whatever the connection does', async () => {
  await using app = await createTestApp();
  app.server.faults.corrupt({ index: 1 });
  app.server.faults.drop({ at: 'answer', times: 2 });
  app.server.faults.stall({ call: 'init' });

  const { uploadId, data } = await app.uploaderOf('ann').upload(photo(), summer);

  assert.equal(data?.href, `/albums/summer/${uploadId}`);
  assert.deepEqual([...app.photos.keys()], [uploadId]);
  assert.equal(app.server.faults.pending, 0);
  assert.equal((await app.server.files.stat(uploadId))?.size, 40_000_000);
});

test('an upload that was interrupted goes on after the server was killed', async () => {
  await using app = await createTestApp();
  const stalled = app.server.faults.stall({ index: 4, times: 99 });
  const task = app.uploaderOf('ann').add(photo(), summer);
  await stalled.struck;
  await app.server.idle();
  await task.cancel();
  app.server.faults.clear();

  await app.server.crash();

  const result = await app.uploaderOf('ann').upload(photo(), summer);
  assert.equal(result.uploadId, task.state.uploadId);
  assert.equal(result.resumed, true);
});

test('nobody uploads without signing in', async () => {
  await using app = await createTestApp();
  await assert.rejects(app.uploaderOf(null).upload(photo(), summer), { code: 'UNAUTHORIZED' });
});
