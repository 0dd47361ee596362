import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { expect, it } from 'vitest';
import { createUploader, fetchSender, type Sender, uploadLink } from '../../client/index.js';
import { nodeSender } from '../../client/node/index.js';
import { MiB, UploadError } from '../../contract/index.js';
import { fullJitter, manualClock } from './support/clock.js';
import { type PlainRouter, startServer } from './support/server.js';
import { bytesOf, gate, setup } from './support/setup.js';

const SIZE = 16 * MiB;
const MINUTES = 60_000;

/** Uploads one chunk over a line on which each try takes long, and breaks at its end for the first `breaks` tries. */
async function uploadSlowly(breaks: number, sentUntilBreak: (attempt: number) => number) {
  const clock = manualClock();
  await using server = await startServer({ rules: { threshold: SIZE, maxChunkSize: SIZE } });
  await using sender = nodeSender();
  let attempts = 0;
  const slow: Sender = async (request) => {
    attempts++;
    if (attempts > breaks) return sender.send(request);
    clock.advance(6 * MINUTES);
    request.onProgress?.(sentUntilBreak(attempts));
    clock.advance(6 * MINUTES);
    throw new UploadError('NETWORK');
  };
  const { url } = server;
  const trpc = createTRPCClient<PlainRouter>({
    links: [uploadLink({ url, send: slow }), httpBatchLink({ url })],
  });
  // Pauses between tries are the manual clock's too.
  const ticking = {
    ...clock,
    after: (ms: number, run: () => void) => clock.after(ms === 1000 ? 1e9 : ms, run),
  };
  await using uploader = createUploader(trpc.uploads, {
    ...{ clock: ticking, random: fullJitter, minBackoffMs: 0, maxBackoffMs: 0 },
  });
  const settled = uploader.upload(bytesOf(SIZE)).catch((error) => error);
  for (let i = 0; i < breaks; i++) {
    const pause = clock.timer((ms) => ms === 0).then(() => clock.advance(0));
    await Promise.race([pause, settled]);
  }
  return { outcome: await settled, attempts };
}

it('a connection that breaks after more than the patience, with bytes moving, is tried again', async () => {
  const { outcome, attempts } = await uploadSlowly(1, () => SIZE / 2);
  expect(outcome).toMatchObject({ status: 'completed', retries: 1 });
  expect(attempts).toBe(2);
});

it('but the same bytes sent again and again are no progress', async () => {
  const { outcome, attempts } = await uploadSlowly(5, () => SIZE / 2);
  expect(outcome).toMatchObject({ code: 'NETWORK' });
  expect(attempts).toBe(2);
});

it('waiting for other uploads to have their turn is no idleness', async () => {
  const clock = manualClock();
  const waiting = gate();
  let firstId: string | undefined;
  await using test = await setup(
    {
      receiving: async ({ uploadId, index }) => {
        firstId ??= uploadId;
        if (uploadId !== firstId) return;
        if (index === 0) await waiting.opened;
        clock.advance(0.9 * MINUTES);
      },
      fault: ({ uploadId, attempt }) =>
        uploadId !== undefined && firstId !== undefined && uploadId !== firstId && attempt === 1
          ? { status: 503 }
          : undefined,
    },
    { clock, concurrency: 1, random: fullJitter, minBackoffMs: 0, maxBackoffMs: 0 },
    // It tells of no bytes that leave, which would be progress.
    { send: fetchSender() },
  );
  const first = test.uploader.add(bytesOf(50_000));
  await test.server.whenSeen(({ index }) => index === 0);
  const second = test.uploader.add(bytesOf(10));
  second.subscribe(() => {
    if (second.state.phase === 'uploading') waiting.open();
  });
  await first.result;
  const outcome = second.result.catch((error) => error);
  await Promise.race([clock.timer((ms) => ms === 0), outcome]);
  clock.advance(0);
  expect(await outcome).toMatchObject({ status: 'completed', retries: 1 });
});
