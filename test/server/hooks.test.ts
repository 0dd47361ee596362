import fs from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SERVER_DEFAULTS } from '../../contract/index.js';
import { createHooks } from '../../server/assembly/hooks.js';
import { consoleLogger } from '../../server/log.js';
import { resolvePolicies } from '../../server/policy.js';
import type { Sessions, UploadSession } from '../../server/sessions/sessions.js';
import type { Store } from '../../server/stores/store.js';
import { manualClock } from '../support/clock.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { CHUNK, deferred, setUp } from '../support/three-chunks.js';
import { randomFile, wireClient } from '../support/wire.js';

describe('hooks', () => {
  it('refuse the file for good with a sentence', async () => {
    await using test = await setUp(
      {},
      {
        beforePublish: async (_: unknown, file: { path: string }) => {
          const bytes = await fs.readFile(file.path);
          return bytes.length === 3 * CHUNK - 7 ? 'This file is not welcome.' : true;
        },
      },
    );
    await test.send(0);
    await test.send(1);
    const last = await test.send(2);
    expect(last.data).toMatchObject({
      status: 'failed',
      error: { code: 'HOOK_REFUSED', message: 'This file is not welcome.' },
    });
    expect((await test.send(2)).upload).toMatchObject({ code: 'UPLOAD_CLOSED', status: 'failed' });
    await expect(fs.stat(test.published)).rejects.toThrow('ENOENT');
  });

  it('that throw are tried again later', async () => {
    const clock = manualClock();
    let tries = 0;
    const once = deferred();
    await using test = await setUp(
      { clock },
      {
        beforePublish: () => {
          tries++;
          once.resolve();
          if (tries < 3) throw new Error('the scanner is down');
          return true;
        },
      },
    );
    await test.send(0);
    await test.send(1);
    void test.send(2).catch(() => {});
    await once.promise;
    let view = await test.client.query<{ status: string }>('resume', { uploadId: test.uploadId });
    while (view.data.status !== 'completed') {
      await clock.advance(SERVER_DEFAULTS.assemblyBackoffMs);
      view = await test.client.query('resume', { uploadId: test.uploadId });
    }
    expect(tries).toBe(3);
  });

  it('give the completing answer its data, at least once, and never undo the upload', async () => {
    const clock = manualClock();
    const calls: string[] = [];
    await using test = await setUp(
      { clock },
      {
        completed: (
          { uploadId, metadata }: { uploadId: string; metadata: unknown },
          { path: published }: { path: string },
        ) => {
          calls.push(published);
          if (calls.length === 1) throw new Error('the database is away');
          return { row: uploadId, metadata };
        },
      },
    );
    await test.send(0);
    await test.send(1);
    const last = await test.send(2);
    expect(last.data).toMatchObject({ status: 'completed' });
    expect(last.data).not.toHaveProperty('data');
    let view = await test.client.query<{ data?: unknown }>('resume', { uploadId: test.uploadId });
    while (view.data.data === undefined) {
      await clock.advance(SERVER_DEFAULTS.hookBackoffMs);
      view = await test.client.query('resume', { uploadId: test.uploadId });
    }
    expect(view.data).toMatchObject({ status: 'completed', data: { row: test.uploadId, metadata: null } });
    expect(calls).toEqual([`files/${test.uploadId}/file.bin`, `files/${test.uploadId}/file.bin`]);
  });

  it('that hang hold up their own policy alone', async () => {
    await using folder = await temporaryFolder();
    const clock = manualClock();
    const calls = { stuck: 0, fine: 0 };
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const completed = (policy: keyof typeof calls) => () => {
      if (++calls[policy] === 1) throw new Error('not yet');
      return policy === 'stuck' ? held : 'done';
    };
    const policies = { stuck: { completed: completed('stuck') }, fine: { completed: completed('fine') } };
    await using server = await startServer({ root: folder.path, clock, policies });
    const client = wireClient(server.url);
    const sent: string[] = [];
    for (const policy of ['stuck', 'fine']) {
      const file = randomFile(1000, 1000);
      const { uploadId } = (await client.init({ ...file.input(), policy })).data;
      await client.chunk(file.fields(uploadId, 0), file.bytes);
      sent.push(uploadId);
    }
    let data: unknown;
    const look = async () => {
      data = (await client.query<{ data?: unknown }>('resume', { uploadId: sent[1] })).data.data;
    };
    const step = SERVER_DEFAULTS.hookBackoffMs / 10;
    for (; calls.stuck < 2; await look()) await clock.advance(step);
    // Meanwhile the hook that hangs is still waited for.
    const end = clock.now() + SERVER_DEFAULTS.hookTimeoutMs / 2;
    for (; data !== 'done'; await look()) if (clock.now() < end) await clock.advance(step);
    expect(calls).toEqual({ stuck: 2, fine: 2 });
    release();
  });

  it.each(['authorize', 'beforePublish'])('that answer nothing refuse: %s', async (hook) => {
    await using folder = await temporaryFolder();
    const refusing = { threshold: CHUNK, chunkSize: CHUNK, [hook]: () => undefined };
    await using server = await startServer({ root: folder.path, policies: { refusing } });
    const client = wireClient(server.url);
    const file = randomFile(CHUNK, CHUNK);
    const begun = await client.init({ ...file.input(), policy: 'refusing' });
    if (hook === 'authorize') return expect(begun.upload).toMatchObject({ code: 'REFUSED' });
    const sent = await client.chunk(file.fields(begun.data.uploadId, 0), file.piece(0));
    expect(sent.data).toMatchObject({ status: 'failed', error: { code: 'HOOK_REFUSED' } });
  });

  it('are asked again about the permission before publishing', async () => {
    const stages: string[] = [];
    await using test = await setUp(
      {},
      {
        authorize: (_: unknown, stage: string) => {
          stages.push(stage);
          return stage === 'init' || 'Your account was closed.';
        },
      },
    );
    await test.send(0);
    await test.send(1);
    expect((await test.send(2)).data).toMatchObject({
      status: 'failed',
      error: { code: 'REFUSED', message: 'Your account was closed.' },
    });
    expect(stages).toEqual(['init', 'publish']);
  });
});

describe('hooks of policies that are not there', () => {
  it('are not taken for a yes: the upload waits until its policy is configured again', async () => {
    await using folder = await temporaryFolder();
    const rules = { threshold: CHUNK, chunkSize: CHUNK };
    const file = randomFile(2 * CHUNK, CHUNK);
    let uploadId = '';
    {
      await using server = await startServer({ root: folder.path, policies: { scanned: rules } });
      const client = wireClient(server.url);
      uploadId = (await client.init({ ...file.input(), policy: 'scanned' })).data.uploadId;
      await client.chunk(file.fields(uploadId, 0), file.piece(0));
    }
    {
      await using server = await startServer({ root: folder.path, completionWaitMs: 300 });
      const last = await wireClient(server.url).chunk(file.fields(uploadId, 1), file.piece(1));
      expect(last.data).toMatchObject({ status: 'assembling' });
    }
    let asked = 0;
    const beforePublish = () => {
      asked++;
      return true;
    };
    await using server = await startServer({
      root: folder.path,
      policies: { scanned: { ...rules, beforePublish } },
    });
    const done = await wireClient(server.url).init({ ...file.input(), policy: 'scanned' });
    expect(done.data).toMatchObject({ status: 'completed', uploadId });
    expect(asked).toBe(1);
  });

  it('leave the `completed` call due, also where the file was published before the policy went', () => {
    const parts = { sessions: {} as Sessions, store: {} as Store, clock: manualClock(), log: consoleLogger };
    const plain = resolvePolicies(
      {},
      { maxFileSizeBytes: 1, maxChunks: 1 },
      SERVER_DEFAULTS.memoryBudgetBytes,
    );
    const hooks = createHooks({ ...parts, policies: plain, timeoutMs: 1 });
    expect(hooks.hasCompleted({ policy: 'scanned' } as UploadSession)).toBe(true);
    expect(hooks.hasCompleted({ policy: 'default' } as UploadSession)).toBe(false);
  });

  it('stay where another part of the app opens the same root without them', async () => {
    const refusing = { beforePublish: () => 'Not this one.' };
    await using test = await setUp({ ownThreads: true }, refusing);
    await using second = await startServer({ root: test.folder.path, ownThreads: true });
    const client = wireClient(second.url);
    await test.send(0);
    await test.send(1, client);
    expect((await test.send(2, client)).data).toMatchObject({
      status: 'failed',
      error: { message: 'Not this one.' },
    });
  });
});
