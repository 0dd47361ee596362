import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import { describe, expect, it } from 'vitest';
import { uploadLink } from '../../client/link.js';
import { KiB, type WatchEvent } from '../../contract/index.js';
import { startServer, type TestRouter, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;

function connect(url: string, owner: string) {
  const headers = { 'x-test-owner': owner };
  return createTRPCClient<TestRouter>({
    links: [
      uploadLink<TestRouter>({ url, headers }),
      splitLink<TestRouter>({
        condition: (op) => op.type === 'subscription',
        true: httpSubscriptionLink({
          url,
          EventSource: EventSource as never,
          eventSourceOptions: () =>
            ({
              fetch: (input: string | URL, init: RequestInit) =>
                fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
            }) as never,
        }),
        false: httpBatchLink<TestRouter>({ url, headers }),
      }),
    ],
  });
}

/** Events as they come, and a promise for the first that a test waits for. */
function watching(trpc: ReturnType<typeof connect>, input: { uploadIds?: string[] }) {
  const events: WatchEvent[] = [];
  const waiting: { test: (event: WatchEvent) => boolean; resolve: (event: WatchEvent) => void }[] = [];
  const errors: unknown[] = [];
  const { unsubscribe } = trpc.uploads.watch.subscribe(input, {
    onData(event) {
      events.push(event);
      for (const { test, resolve } of waiting) if (test(event)) resolve(event);
    },
    onError: (error) => errors.push(error),
  });
  return {
    events,
    errors,
    unsubscribe,
    until: (test: (event: WatchEvent) => boolean) =>
      new Promise<WatchEvent>((resolve) => {
        const seen = events.find(test);
        if (seen) resolve(seen);
        else waiting.push({ test, resolve });
      }),
  };
}

describe('watch', () => {
  it('streams a snapshot and then every change of the owner’s uploads, and of nobody else’s', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({
      root: folder.path,
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
    });
    const ann = wireClient(server.url, 'ann');
    const file = randomFile(2 * CHUNK, CHUNK);
    const { uploadId } = (await ann.init(file.input())).data;
    const all = watching(connect(server.url, 'ann'), {});
    const named = watching(connect(server.url, 'ann'), { uploadIds: [uploadId] });
    const bob = watching(connect(server.url, 'bob'), { uploadIds: [uploadId] });

    expect(await all.until((event) => event.kind === 'snapshot')).toMatchObject({
      items: [{ uploadId, status: 'receiving', receivedChunks: 0 }],
    });
    await named.until((event) => event.kind === 'snapshot');
    expect(await bob.until((event) => event.kind === 'snapshot')).toEqual({ kind: 'snapshot', items: [] });

    await ann.chunk(file.fields(uploadId, 1), file.piece(1));
    const one = (event: WatchEvent) => event.kind === 'progress' && event.progress.receivedChunks === 1;
    expect(await all.until(one)).toMatchObject({
      progress: { uploadId, status: 'receiving', receivedBytes: CHUNK },
    });
    await ann.chunk(file.fields(uploadId, 0), file.piece(0));
    const done = (event: WatchEvent) => event.kind === 'progress' && event.progress.status === 'completed';
    expect(await all.until(done)).toMatchObject({
      progress: { uploadId, path: `files/${uploadId}/file.bin`, hash: file.hash },
    });
    expect(await named.until(done)).toMatchObject({ progress: { uploadId } });
    expect(bob.events).toHaveLength(1);
    expect([...all.errors, ...named.errors, ...bob.errors]).toEqual([]);
    for (const stream of [all, named, bob]) stream.unsubscribe();
  });

  it('tells of a new upload as soon as it is there, and of one that is joined nothing', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path });
    const ann = wireClient(server.url, 'ann');
    const all = watching(connect(server.url, 'ann'), {});
    await all.until((event) => event.kind === 'snapshot');
    const file = randomFile(2 * CHUNK, 2 * CHUNK);
    const { uploadId } = (await ann.init(file.input())).data;
    const of = (event: WatchEvent) => event.kind === 'progress' && event.progress.uploadId === uploadId;
    expect(await all.until(of)).toMatchObject({ progress: { status: 'receiving', receivedBytes: 0 } });
    expect((await ann.init(file.input())).data.uploadId).toBe(uploadId);
    const next = (await ann.init(file.input('next'))).data.uploadId;
    await all.until((event) => event.kind === 'progress' && event.progress.uploadId === next);
    expect(all.events.filter(of)).toHaveLength(1);
    all.unsubscribe();
  });

  it('is refused to nobody', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path });
    const nobody = connect(server.url, 'nobody');
    const error = await new Promise<{ data?: { upload?: unknown } | null }>((resolve) => {
      nobody.uploads.watch.subscribe({}, { onError: resolve as never });
    });
    expect(error.data?.upload).toMatchObject({ code: 'UNAUTHORIZED' });
  });
});
