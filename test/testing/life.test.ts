import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createTRPCClient } from '@trpc/client';
import { describe, expect, test, vi } from 'vitest';
import { policy } from '../../server/index.js';
import { createTestUploads, type TestUploadsOptions } from '../../testing/index.js';
import { ROOT } from '../house/tree.js';
import { temporaryFolder } from '../support/server.js';
import { CHUNK, createAppRouter, createDatabase, createPolicies, image, owner } from './support/app.js';

const cut = { threshold: CHUNK, chunkSize: CHUNK };
const policies = { default: policy(cut) };

describe.each(['restart', 'crash'] as const)('%s', (how) => {
  test('an upload that was interrupted goes on with what the server has', async () => {
    await using test = await createTestUploads({ policies });
    const first = test.uploader();
    const { struck } = test.faults.stall({ index: 3, times: 99 });
    const task = first.add(image(4 * CHUNK));
    await struck;
    await test.idle();
    await task.cancel();
    test.faults.clear();
    await test[how]();
    const result = await test.uploader().upload(image(4 * CHUNK));
    expect(result).toMatchObject({ uploadId: task.state.uploadId, resumed: true, sentBytes: 2 * CHUNK });
    expect((await test.files.stat(result.uploadId))?.size).toBe(4 * CHUNK);
  });

  test('an upload under way goes on by itself', async () => {
    await using test = await createTestUploads({ policies });
    const { struck } = test.faults.stall({ index: 1, at: 'answer' });
    const upload = test.uploader().upload(image(8 * CHUNK));
    await struck;
    await test[how]();
    expect(await upload).toMatchObject({ status: 'completed' });
  });

  test('a router that was built before goes on', async () => {
    const db = createDatabase();
    await using test = await createTestUploads({ owner, policies: createPolicies(db) });
    const router = createAppRouter(test.uploads, db);
    const user = { id: 'ann' };
    const link = test.link(router, { createContext: (opts) => ({ ...test.uploads.context(opts), user }) });
    const trpc = createTRPCClient<typeof router>({ links: [link] });
    const uploader = test.uploader(trpc.uploads);
    const options = { policy: 'photos', metadata: { album: 'a' } } as const;
    const before = await uploader.upload(image(3 * CHUNK), options);
    await test[how]();
    const after = await uploader.upload(image(2 * CHUNK, 'b.png'), options);
    expect((await trpc.uploads.list.query({})).items).toMatchObject([
      { uploadId: after.uploadId },
      { uploadId: before.uploadId, data: { photo: 1, album: 'a' } },
    ]);
    expect(await trpc.photos.query()).toMatchObject({ rows: [{ id: 1 }, { id: 2 }] });
  });
});

test('a crash within a hook: nothing of its try is kept, and the hook is called again', async () => {
  let calls = 0;
  let begun = () => {};
  const called = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const completed = async () => {
    calls++;
    begun();
    if (calls === 1) await new Promise(() => {});
    return { calls };
  };
  await using test = await createTestUploads({ policies: { docs: policy({ ...cut, completed }) } });
  const upload = test.uploader().upload(image(10), { policy: 'docs' });
  await called;
  await test.crash();
  expect(await upload).toMatchObject({ data: { calls: 2 } });
  expect(calls).toBe(2);
});

test('after a crash nothing of the old server writes any more', async () => {
  let release = () => {};
  let begun = () => {};
  const opened = new Promise<void>((resolve) => {
    release = resolve;
  });
  const called = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let first = true;
  const beforePublish = async () => {
    if (!first) return true;
    first = false;
    begun();
    await opened;
    return 'refused by a server that is dead';
  };
  await using test = await createTestUploads({ policies: { docs: policy({ ...cut, beforePublish }) } });
  const upload = test.uploader().upload(image(10), { policy: 'docs' });
  await called;
  await test.crash();
  release();
  expect(await upload).toMatchObject({ status: 'completed' });
});

test('two do not disturb each other', async () => {
  await using one = await createTestUploads({ policies });
  await using two = await createTestUploads({ policies });
  one.faults.corrupt({ times: 2 });
  const [first, second] = await Promise.all([
    one.uploader().upload(image(3 * CHUNK)),
    two.uploader().upload(image(3 * CHUNK)),
  ]);
  expect([first.retries, second.retries]).toEqual([2, 0]);
  await one.clock.advance(1000);
  expect(two.clock.now()).toBe(Date.UTC(2026, 0, 1));
  expect(one.root).not.toBe(two.root);
  expect(await two.files.stat(first.uploadId)).toBeNull();
  await one.close();
  expect(await two.uploader().upload(image(5))).toMatchObject({ status: 'completed' });
});

describe('at its end', () => {
  test('the folder goes, also after a test that failed, with whatever is under way', async () => {
    let root = '';
    const failing = async () => {
      await using test = await createTestUploads({ policies });
      root = test.root;
      const { struck } = test.faults.stall({ at: 'body', times: 99 });
      test.uploader().add(image(4 * CHUNK));
      await struck;
      expect((await readdir(root)).sort()).toContain('staging');
      throw new Error('the test failed');
    };
    await expect(failing()).rejects.toThrow('the test failed');
    expect(existsSync(root)).toBe(false);
  });

  test('uploads under way are cancelled, and it can be closed twice', async () => {
    const test = await createTestUploads({ policies, clock: 'manual' });
    test.faults.drop({ times: 99 });
    const upload = test.uploader().upload(image(10));
    const cancelled = expect(upload).rejects.toMatchObject({ code: 'CANCELLED' });
    await test.idle();
    await Promise.all([test.close(), test.close()]);
    await cancelled;
    await expect(test.restart()).rejects.toThrow('This test is over');
  });

  test('a hook that never answers does not hold it up', async () => {
    let begun = () => {};
    const called = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const completed = () => {
      begun();
      return new Promise<void>(() => {});
    };
    const test = await createTestUploads({ policies: { docs: policy({ ...cut, completed }) } });
    test.uploader().add(image(10), { policy: 'docs' });
    await called;
    await test.close();
    expect(existsSync(test.root)).toBe(false);
  });

  test('the app may close its uploads itself', async () => {
    await using test = await createTestUploads({ policies });
    await test.uploader().upload(image(10));
    await test.uploads.close();
    await expect(test.client().list.query({})).rejects.toMatchObject({
      data: { upload: { code: 'SERVER_BUSY' } },
    });
    await test.restart();
    expect((await test.client().list.query({})).items).toHaveLength(1);
  });
});

describe('options', () => {
  const refused = (options: object) => createTestUploads(options as TestUploadsOptions<object>);

  test.each([
    [{ root: '/tmp/x' }, 'no option "root"'],
    [{ database: '/tmp/x.db' }, 'no option "database"'],
    [{ durability: 'chunk' }, 'nothing is synced in a test'],
    [{ workerThreads: 2 }, 'no worker threads start'],
    [{ migrate: 'manual' }, 'no option "migrate"'],
    [{ clock: {} }, "'auto' or 'manual'"],
    [{ startAt: 'now' }, '"startAt" is a Date'],
    [{ policies: { a: { threshold: 2 ** 40 } } }, 'The limits of policy "a" contradict each other'],
    [{ memoryBudgetBytes: 1 }, 'contradict each other'],
  ])('%o is refused, and no folder is left', async (options, message) => {
    await using folder = await temporaryFolder();
    vi.stubEnv('TMPDIR', folder.path);
    try {
      await expect(refused(options)).rejects.toThrow(message);
      expect(await readdir(folder.path)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('a link to a router needs a context', async () => {
    await using test = await createTestUploads({ policies });
    expect(() => test.link({} as never, undefined as never)).toThrow('{ createContext }');
  });
});

const PROGRAM = `
import { createTestUploads } from './dist/testing/index.js';
const test = await createTestUploads();
test.faults.drop({ times: 3 });
const result = await test.uploader('ann').upload(new Uint8Array(100_000));
console.log(result.status, result.retries);
`;

describe('a program', () => {
  const run = async (program: string) => {
    await using folder = await temporaryFolder();
    const env = { ...process.env, TMPDIR: folder.path };
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text;
      });
    const [code] = await once(child, 'close');
    return { code, output };
  };

  test('ends by itself after its test, without a process.exit', async () => {
    expect(await run(`${PROGRAM}await test.close();`)).toEqual({ code: 0, output: 'completed 3\n' });
  });

  test('ends also where nobody closed it', async () => {
    expect(await run(`${PROGRAM}console.log(test.root);`)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^completed 3\n.*chunkwise-test-/),
    });
  });
});
