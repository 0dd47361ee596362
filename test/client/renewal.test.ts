import { TRPCError } from '@trpc/server';
import { describe, expect, it } from 'vitest';
import {
  bytesSource,
  isUploadError,
  type Sender,
  type Source,
  type UploaderOptions,
} from '../../client/index.js';
import { connect, nodeSender } from '../../client/node/index.js';
import { UploadError } from '../../contract/index.js';
import { fullJitter, manualClock } from './support/clock.js';
import type { Fault, Logged, Script } from './support/script.js';
import { bytesOf, gate, setup } from './support/setup.js';

const SIZE = 50_000;
const MINUTE = 60_000;

const KINDS: [string, Fault][] = [
  ['the owner', { error: new UploadError('UNAUTHORIZED') }],
  ["the app's middleware", { error: new TRPCError({ code: 'UNAUTHORIZED' }) }],
  ["a proxy's page", { status: 401, html: '<html>sign in' }],
  ["a gateway's JSON", { status: 401, json: { message: 'Unauthorized' } }],
];
const [[, REFUSED]] = KINDS as [[string, Fault]];

/** An app whose sessions expire: requests without the token of now are refused. */
async function expiring(
  options: UploaderOptions & {
    refused?: Fault;
    script?: Script;
    renews?: boolean;
    /** Told of each request before its token is looked at. */
    before?(request: Logged): void;
    send?: Sender;
  } = {},
) {
  const { refused = REFUSED, script = {}, renews = true, before, send, ...uploaderOptions } = options;
  const session = { valid: 1, token: 1, renewals: 0 };
  const test = await setup(
    {
      ...script,
      fault(request) {
        before?.(request);
        return isRefused(request, session.valid) ? refused : script.fault?.(request);
      },
    },
    {
      async onUnauthorized() {
        session.renewals++;
        if (renews) session.token = session.valid;
      },
      ...uploaderOptions,
    },
    { headers: () => ({ authorization: `Bearer ${session.token}` }), ...(send && { send }) },
  );
  return {
    ...test,
    session,
    /** The tokens that were given so far are not taken any more. */
    expire: (valid = session.valid + 1) => {
      session.valid = valid;
    },
    content: (id: string) => test.server.sessions.content(test.server.sessions.get(id)),
    [Symbol.asyncDispose]: test[Symbol.asyncDispose],
  };
}

const isRefused = ({ headers }: Logged, valid: number) => headers.authorization !== `Bearer ${valid}`;

describe('a session that expires', () => {
  it.each(KINDS)(
    'while chunks are on the way is renewed once for all of them, answered by %s',
    async (_, refused) => {
      await using test = await expiring({
        refused,
        script: { receiving: async ({ index }) => (index === 2 ? test.expire(2) : undefined) },
      });
      const bytes = bytesOf(SIZE);
      const task = test.uploader.add(bytes);
      const result = await task.result;
      expect(test.session.renewals).toBe(1);
      expect(test.content(result.uploadId).equals(bytes)).toBe(true);
      const refusals = test.server
        .chunkLog()
        .filter((request) => isRefused(request, 2) && request.attempt === 1);
      expect(refusals.length).toBeGreaterThan(0);
      expect(result.retries).toBeGreaterThan(0);
      expect(task.state.retries).toBe(result.retries);
    },
  );

  it.each(['policy', 'init', 'chunk', 'resume', 'abort'])('before %s', async (procedure) => {
    await using test = await expiring({
      before({ path }) {
        if (path === `uploads.${procedure}`) test.expire(2);
      },
      script: {
        receiving: ({ index = 0 }) => (index === 2 ? held.opened : Promise.resolve()),
      },
    });
    const held = gate();
    const task = test.uploader.add(bytesOf(SIZE));
    await test.server.whenSeen(({ index }) => index === 2);
    if (procedure === 'abort') {
      await task.cancel({ discard: true });
      expect(test.server.sessions.get(task.state.uploadId ?? '').status).toBe('aborted');
    } else {
      task.pause();
      held.open();
      task.continue();
      expect(await task.result).toMatchObject({ status: 'completed' });
    }
    held.open();
    expect(test.server.log.filter(({ path }) => path === `uploads.${procedure}`).length).toBeGreaterThan(1);
  });

  it('lets nothing out while it is renewed', async () => {
    const renewed = gate();
    const asked = gate();
    await using test = await expiring({
      script: { receiving: async ({ index }) => (index === 2 ? test.expire(2) : undefined) },
      async onUnauthorized() {
        test.session.renewals++;
        asked.open();
        await renewed.opened;
        test.session.token = test.session.valid;
      },
    });
    const uploading = test.uploader.uploadAll(
      Array.from({ length: 4 }, (_, i) => bytesSource(bytesOf(SIZE), { name: `f${i}` })),
    );
    await asked.opened;
    await test.server.whenClosed(() => test.server.count.inFlight === 0);
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    const before = test.server.log.length;
    const late = test.uploader.upload(bytesOf(10), { name: 'late' });
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(test.server.log.length).toBe(before);
    renewed.open();
    for (const one of await uploading) expect(one).toMatchObject({ status: 'completed' });
    expect(await late).toMatchObject({ retries: 0 });
    expect(test.session.renewals).toBe(1);
  });

  it('is renewed again when it expires later', async () => {
    await using test = await expiring({
      script: {
        maxParallelChunks: 1,
        receiving: async ({ index = 0 }) => (index === 2 || index === 7 ? test.expire() : undefined),
      },
    });
    expect(await test.uploader.upload(bytesOf(SIZE))).toMatchObject({ status: 'completed' });
    expect(test.session.renewals).toBe(2);
  });

  it('counts the bytes of a refused chunk, and leaves its memory alone: they may still be on their way', async () => {
    const recycled: number[] = [];
    await using sender = nodeSender();
    await using test = await expiring({
      script: {
        maxParallelChunks: 1,
        receiving: async ({ index }) => (index === 2 ? test.expire(2) : undefined),
      },
      send(request) {
        request.onProgress?.((request.body as Uint8Array | undefined)?.byteLength ?? 0);
        return sender.send({ ...request, onProgress: undefined });
      },
    });
    const { chunkSize } = await test.trpc.uploads.policy.query({ size: SIZE });
    const source: Source = {
      ...bytesSource(bytesOf(SIZE)),
      recycle: (read) => void recycled.push((read as Uint8Array).byteOffset / chunkSize),
    };
    const { sentBytes } = await test.uploader.upload(source);
    expect(sentBytes).toBe(SIZE + chunkSize);
    expect([recycled.includes(2), recycled.includes(3), recycled.includes(4)]).toEqual([true, false, true]);
  });

  it('takes no patience while a user signs in', async () => {
    const clock = manualClock();
    let broken = 0;
    await using test = await expiring({
      ...{ clock, random: fullJitter, patienceMs: 1000, minBackoffMs: 400, maxBackoffMs: 400 },
      script: {
        maxParallelChunks: 1,
        receiving: async ({ index, attempt }) => (index === 2 && attempt === 1 ? test.expire(2) : undefined),
        fault: ({ index }) => (index === 3 && broken++ === 0 ? { status: 503 } : undefined),
      },
      async onUnauthorized() {
        clock.advance(50_000);
        test.session.token = test.session.valid;
      },
    });
    const uploading = test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
    await Promise.race([clock.timer((ms) => ms === 400), uploading]);
    clock.advance(400);
    expect(await uploading).toMatchObject({ status: 'completed', retries: 2 });
  });
});

describe('a session that cannot be renewed', () => {
  const broken = new Error('the refresh token is revoked');
  it.each<[string, UploaderOptions['onUnauthorized'], number]>([
    ['the renewed session is refused as well', undefined, 1],
    ['onUnauthorized answers false', async () => false, 0],
    ['onUnauthorized rejects', () => Promise.reject(broken), 0],
    [
      'onUnauthorized throws',
      () => {
        throw broken;
      },
      0,
    ],
  ])('fails the upload, and keeps it for later, where %s', async (_, onUnauthorized, renewals) => {
    await using test = await expiring({
      renews: false,
      ...(onUnauthorized && { onUnauthorized }),
      script: {
        maxParallelChunks: 1,
        receiving: async ({ index }) => (index === 2 ? test.expire(2) : undefined),
      },
    });
    const bytes = bytesOf(SIZE);
    const error = await test.uploader.upload(bytes, { name: 'a' }).catch((error) => error);
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
    expect(error.message).not.toBe('UNAUTHORIZED');
    expect(test.session.renewals).toBe(renewals);
    expect(
      test.server.chunkLog().filter((request) => isRefused(request, 2) && request.index === 3),
    ).toHaveLength(renewals + 1);
    test.session.token = test.session.valid;
    const result = await test.uploader.upload(bytes, { name: 'a' });
    expect(result).toMatchObject({ resumed: true, uploadId: error.uploadId });
  });

  it('says why', async () => {
    await using test = await expiring({ onUnauthorized: () => Promise.reject(broken) });
    test.expire();
    const error = await test.uploader.upload(bytesOf(10)).catch((error) => error);
    expect(error.message).toMatch(/signing in again failed/);
    expect(error.cause).toBe(broken);
  });

  it('is waited for until the patience ends, and asked for again by the next upload', async () => {
    const clock = manualClock();
    const asked = [gate(), gate()];
    let calls = 0;
    await using test = await expiring({
      ...{ clock, patienceMs: 3 * MINUTE },
      onUnauthorized: () => {
        asked[calls++]?.open();
        return new Promise(() => {});
      },
    });
    test.expire();
    for (const { opened } of asked) {
      const uploading = test.uploader.upload(bytesOf(10)).catch((error) => error);
      await opened;
      await clock.timer((ms) => ms === 3 * MINUTE);
      clock.advance(3 * MINUTE);
      const error = await uploading;
      expect(error).toMatchObject({ code: 'UNAUTHORIZED' });
      expect(error.message).toMatch(/did not end within 180 s/);
    }
    expect(calls).toBe(2);
  });

  it('does not hold up a cancel', async () => {
    const asked = gate();
    await using test = await expiring({
      onUnauthorized: () => {
        asked.open();
        return new Promise(() => {});
      },
    });
    test.expire();
    const task = test.uploader.add(bytesOf(10));
    await asked.opened;
    await task.cancel();
    await expect(task.result).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('connect', () => {
  it('renews for its own calls too, and asks for the token each time', async () => {
    let valid = 2;
    await using test = await setup({
      fault: ({ headers }) => (headers.authorization === `Bearer ${valid}` ? undefined : REFUSED),
    });
    let token = 1;
    let renewals = 0;
    await using connection = connect({
      url: test.server.url,
      token: () => String(token),
      async onUnauthorized() {
        renewals++;
        token = valid;
      },
    });
    const listed = await Promise.all([connection.uploads.list.query({}), connection.uploads.list.query({})]);
    expect(listed).toEqual([{ items: [] }, { items: [] }]);
    expect(renewals).toBe(1);
    valid++;
    const [result] = await Promise.all([
      connection.uploader.upload(bytesOf(10)),
      connection.uploads.list.query({}),
    ]);
    expect(result.status).toBe('completed');
    expect(renewals).toBe(2);
  });

  it('breaks off a call that waits for a renewal', async () => {
    await using test = await setup({ fault: () => REFUSED });
    const asked = gate();
    const connection = connect({
      url: test.server.url,
      onUnauthorized: () => {
        asked.open();
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const first = connection.uploads.list.query({}, { signal: controller.signal }).catch((error) => error);
    const second = connection.uploads.list.query({}).catch((error) => error);
    await asked.opened;
    controller.abort(new Error('not wanted'));
    expect(await first).toMatchObject({ message: 'not wanted' });
    await connection[Symbol.asyncDispose]();
    const error = await second;
    expect(isUploadError(error) && error.code).toBe('CANCELLED');
  });
});
