import path from 'node:path';
import { expect, test } from 'vitest';
import { createInlineTasks } from '../../testing/tasks.js';
import { describeSessions } from '../sessions/conformance.js';
import { unsynced } from '../sessions/sqlite-support.js';
import { describeStore } from '../stores/conformance.js';
import { DISK_KINDS } from '../support/disk-kinds.js';
import { temporaryFolder } from '../support/server.js';

// What a test runs on keeps the same promises as what a server runs on, but for the power cut.
for (const [kind, { make, place }] of Object.entries(DISK_KINDS))
  describeStore(`${kind}, with tasks in this thread`, {
    place,
    make: (options) => make({ ...options, tasks: createInlineTasks() }),
  });

describeSessions('SQLite in the same thread, unsynced', unsynced);

test('a sync fails where there is nothing to sync, or something else', async () => {
  await using folder = await temporaryFolder();
  const tasks = createInlineTasks();
  const nowhere = path.join(folder.path, 'nowhere');
  await expect(tasks.run('syncFile', { path: nowhere })).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(tasks.run('syncFolder', { path: nowhere })).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(tasks.run('syncFile', { path: folder.path })).rejects.toMatchObject({ name: 'TaskError' });
  expect(await tasks.run('syncFolder', { path: folder.path })).toBeNull();
  expect(await tasks.run('ping', null)).toBeTypeOf('string');
});

test('a task whose signal is aborted is not begun; what a bug throws is INTERNAL', async () => {
  const tasks = createInlineTasks();
  const reason = new Error('gone');
  const signal = AbortSignal.abort(reason);
  await expect(tasks.run('ping', null, { signal })).rejects.toBe(reason);
  const extent = { path: '/nowhere', offset: 0, size: 5, hash: '' };
  const wrong = tasks.run('writeChunk', { extent, buffers: [], target: 'whole', sync: true });
  await expect(wrong).rejects.toMatchObject({ code: 'INTERNAL' });
});
