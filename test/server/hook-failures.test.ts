import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  KiB,
  MAX_HOOK_DATA_BYTES,
  MAX_HOOK_TEXT_BYTES,
  SERVER_DEFAULTS,
  UploadError,
  type UploadView,
  utf8Bytes,
} from '../../contract/index.js';
import type { Logger } from '../../server/log.js';
import { manualClock } from '../support/clock.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;
const SECRET = 'the scanner at 10.0.0.7 is down';

interface Line {
  level: keyof Logger;
  details: { uploadId?: string; reason?: string; error?: Error };
  message: string;
}

/** A server whose policy `scanned` has these hooks; one chunk is one file. */
async function setUp(hooks: object, options: object = {}) {
  const folder = await temporaryFolder();
  const clock = manualClock();
  const lines: Line[] = [];
  const write = (level: keyof Logger) => (details: Line['details'], message: string) =>
    void lines.push({ level, details, message });
  const server = await startServer({
    root: folder.path,
    clock,
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    ...options,
    policies: { scanned: { threshold: CHUNK, chunkSize: CHUNK, ...hooks } as object },
  });
  const client = wireClient(server.url);
  const file = randomFile(1000, 1000);
  const init = () => client.init({ ...file.input(), policy: 'scanned' });
  return {
    ...{ folder, server, clock, client, lines, init },
    view: async (uploadId: string) => (await client.query<UploadView>('resume', { uploadId })).data,
    async send() {
      const { uploadId } = (await init()).data;
      return { uploadId, answer: client.chunk(file.fields(uploadId, 0), file.bytes) };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Moves time on until the log has a line that holds all of the words. */
async function lineWith(test: Awaited<ReturnType<typeof setUp>>, ...words: string[]): Promise<Line> {
  for (;;) {
    const found = test.lines.find(({ message }) => words.every((word) => message.includes(word)));
    if (found) return found;
    await test.clock.advance(10);
  }
}

/** Throws the first time, and lets everything pass afterwards. */
const once = (thrown: unknown) => {
  let calls = 0;
  return () => {
    if (++calls === 1) throw thrown;
    return true;
  };
};

describe('a hook that throws', () => {
  it.each<[string, object, unknown]>([
    ['beforePublish', { beforePublish: once(new Error(SECRET)) }, SECRET],
    ['beforePublish', { beforePublish: once(SECRET) }, SECRET],
    // Neither is a word to the client: the upload waits all the same.
    [
      'beforePublish',
      { beforePublish: once(new UploadError('STORAGE_FULL')) },
      "The server's storage is full",
    ],
    ['beforePublish', { beforePublish: once(new UploadError('TYPE_REFUSED', { message: SECRET })) }, SECRET],
    [
      'authorize',
      { authorize: (_: unknown, stage: string) => stage === 'init' || authorizeOnce(stage) },
      SECRET,
    ],
  ])('is told to the operator, by name, and asked again: %s', async (hook, hooks, said) => {
    await using test = await setUp(hooks);
    const { uploadId, answer } = await test.send();
    const line = await lineWith(test, `the hook ${hook} of policy "scanned" threw`);
    expect(line.message).toBe(`the hook ${hook} of policy "scanned" threw; it is tried again`);
    expect(line).toMatchObject({ level: 'warn', details: { uploadId } });
    expect(line.details.error?.message).toContain(`the hook ${hook} of policy "scanned" threw: `);
    expect(line.details.error?.message).toContain(said);
    expect(JSON.stringify(test.lines)).not.toContain('The server is busy');
    for (let view = await test.view(uploadId); view.status !== 'completed'; ) {
      expect(JSON.stringify(view)).not.toContain('scanner');
      await test.clock.advance(SERVER_DEFAULTS.assemblyBackoffMs);
      view = await test.view(uploadId);
    }
    expect((await answer).text).not.toContain('scanner');
  });

  it('at `init` is told to the operator alone, unless it throws an error for the client', async () => {
    const thrown: unknown[] = [
      new Error(SECRET),
      new UploadError('TYPE_REFUSED', { message: 'Send a PDF.' }),
    ];
    await using test = await setUp({
      authorize: () => {
        throw thrown.shift();
      },
    });
    const first = await test.init();
    expect(first).toMatchObject({ status: 500, upload: { code: 'INTERNAL' } });
    expect(first.text).not.toContain('scanner');
    const [line] = test.lines;
    expect(line?.details.error?.message).toBe(`the hook authorize of policy "scanned" threw: ${SECRET}`);
    expect(await test.init()).toMatchObject({ upload: { code: 'TYPE_REFUSED' }, message: 'Send a PDF.' });
    expect(test.lines).toHaveLength(1);
  });

  it.each(['REFUSED', 'HOOK_REFUSED', 'QUOTA_EXCEEDED'] as const)(
    'and means %s ends the upload, with its sentence',
    async (code) => {
      await using test = await setUp({ beforePublish: once(new UploadError(code, { message: 'No more.' })) });
      const { answer } = await test.send();
      expect((await answer).data).toMatchObject({ status: 'failed', error: { code, message: 'No more.' } });
      expect(test.lines).toEqual([]);
    },
  );

  it('or is late is told apart', async () => {
    await using test = await setUp({ beforePublish: () => new Promise(() => {}) }, { hookTimeoutMs: 50 });
    const { answer } = await test.send();
    const line = await lineWith(test, 'the hook beforePublish of policy "scanned" was late');
    expect(line.details.error?.message).toMatch(/was late: it did not answer within 50 ms$/);
    await test.clock.advance(SERVER_DEFAULTS.completionWaitMs);
    expect((await answer).data).toMatchObject({ status: 'assembling' });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'the hook completed of policy "scanned" threw'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
    [
      'an error whose message is no text',
      Object.assign(new Error(''), { message: { at: 1 } }),
      '[object Object]',
    ],
    [
      'something that cannot be looked at',
      new Proxy(new Error(''), {
        get() {
          throw new Error('no');
        },
      }),
      'what was thrown cannot be written down',
    ],
    ['megabytes of text', new Error('ä'.repeat(2 ** 20)), `${'ä'.repeat((MAX_HOOK_TEXT_BYTES - 4) / 2)}…`],
  ])('%s as `completed` is called again, and what is kept of its words is short', async (_, thrown, kept) => {
    await using test = await setUp({ completed: once(thrown) });
    const { uploadId, answer } = await test.send();
    expect((await answer).data).toMatchObject({ status: 'completed', hookPending: true });
    const line = await lineWith(test, 'the hook completed of policy "scanned" threw; it is called again');
    expect(line).toMatchObject({ level: 'warn', details: { uploadId } });
    const hook = (await test.server.uploads.files.stat(uploadId))?.hook;
    expect(hook).toEqual({ pending: true, attempts: 1, lastError: kept });
    expect(utf8Bytes(String(hook?.lastError))).toBeLessThanOrEqual(MAX_HOOK_TEXT_BYTES);
    await test.clock.advance(SERVER_DEFAULTS.hookBackoffMs);
    for (let view = await test.view(uploadId); !('data' in view); view = await test.view(uploadId))
      await test.clock.advance(10);
  });
});

let authorized = 0;
function authorizeOnce(stage: string): boolean {
  if (stage === 'publish' && ++authorized === 1) throw new Error(SECRET);
  return true;
}

it('a refusal is kept and answered in a length that a sentence has', async () => {
  await using test = await setUp({ beforePublish: () => `No: ${'x'.repeat(2 ** 20)}` });
  const { answer } = await test.send();
  const view = (await answer).data;
  expect(view).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/^No: x+…$/) } });
  const message = view.status === 'failed' ? view.error.message : '';
  expect(utf8Bytes(message)).toBe(MAX_HOOK_TEXT_BYTES);
});

describe('an answer of `completed` that cannot be kept', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<[string, unknown, RegExp]>([
    ['a bigint', { id: 5n }, /it has a bigint at "id"\.$/],
    [
      'what contains itself',
      circle,
      /it has something that JSON refuses \(Converting circular structure to JSON\)\.$/,
    ],
    ['a function', () => 1, /it has nothing that JSON can write \(a function or a symbol\)\.$/],
    ['a symbol', Symbol('x'), /it has nothing that JSON can write/],
    ['a Map', new Map([[1, 2]]), /it has a Map\.$/],
    ['a Set within', { tags: new Set(['a']) }, /it has a Set at "tags"\.$/],
    ['too much', 'x'.repeat(MAX_HOOK_DATA_BYTES), /it has 64 KiB of JSON, where 64 KiB are kept\.$/],
  ])('%s: the hook has done its work, and does it no second time', async (_, answer, flaw) => {
    let calls = 0;
    await using test = await setUp({
      completed: () => {
        calls++;
        return answer;
      },
    });
    const sent = await test.send();
    const view = (await sent.answer).data;
    expect(view).toMatchObject({ status: 'completed' });
    expect(view).not.toHaveProperty('data');
    expect(view).not.toHaveProperty('hookPending');
    await test.clock.advance(SERVER_DEFAULTS.maxHookBackoffMs);
    expect(calls).toBe(1);
    expect((await test.server.uploads.files.stat(sent.uploadId))?.hook).toEqual({
      pending: false,
      attempts: 1,
      lastError: expect.stringMatching(flaw),
    });
    const told = test.lines.filter(({ level }) => level === 'error');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      message: expect.stringMatching(
        /^the hook completed of policy "scanned" gave an answer that cannot be kept; .* is not called again$/,
      ),
      details: { uploadId: sent.uploadId, reason: expect.stringMatching(flaw) },
    });
  });

  it('nor is one lost that JSON can write', async () => {
    await using test = await setUp({ completed: () => ({ at: new Date(0), none: undefined, run: () => 1 }) });
    const { answer } = await test.send();
    expect((await answer).data).toMatchObject({ data: { at: '1970-01-01T00:00:00.000Z' } });
    expect(test.lines).toEqual([]);
  });
});

it('an upload is completed, and its hook stays due, where the outcome of the hook cannot be recorded', async () => {
  await using folder = await temporaryFolder();
  const { createCore } = await import('../../server/core.js');
  const { resolvePolicies } = await import('../../server/policy.js');
  const { createSqliteSessions } = await import('../../server/sessions/sqlite/index.js');
  const { memoryBody } = await import('../../server/receive/body/web.js');
  const root = folder.path;
  const inner = createSqliteSessions({
    file: path.join(root, 'chunkwise.db'),
    lockFile: path.join(root, 'chunkwise.lock'),
    expiry: { idleMs: SERVER_DEFAULTS.idleExpiryMs, maxLifetimeMs: SERVER_DEFAULTS.maxLifetimeMs },
  });
  let isFull = true;
  const full = () => Promise.reject(new UploadError('STORAGE_FULL'));
  const sessions = {
    ...inner,
    hookDone: (...args: Parameters<typeof inner.hookDone>) => (isFull ? full() : inner.hookDone(...args)),
  };
  const clock = manualClock();
  const messages: string[] = [];
  const write = (_: object, message: string) => void messages.push(message);
  const log = { info: write, warn: write, error: write };
  let calls = 0;
  const policies = resolvePolicies(
    { default: { completed: () => ++calls } },
    { maxFileSizeBytes: 2 ** 40, maxChunks: 1000 },
    SERVER_DEFAULTS.memoryBudgetBytes,
  );
  const core = createCore({ root, log, clock }, policies, { sessions });
  try {
    await core.ready();
    const file = randomFile(10, 10);
    const { id } = await core.start('ann', file.input());
    await core.receive('ann', file.fields(id, 0), memoryBody(file.bytes), new AbortController().signal);
    core.assembler.kick(id);
    expect(await core.assembler.outcome(id, 1000)).toMatchObject({ status: 'completed', hookDue: true });
    expect(messages).toEqual(['the outcome of a completed hook could not be recorded; it is called again']);
    expect((await fs.readdir(path.join(root, 'files'))).length).toBe(1);
    isFull = false;
    for (let session = await core.sessions.get(id); session?.hookDue; session = await core.sessions.get(id))
      await clock.advance(SERVER_DEFAULTS.sweepIntervalMs);
    expect(await core.sessions.get(id)).toMatchObject({ data: 2, hookError: null });
  } finally {
    await core.close();
  }
});
