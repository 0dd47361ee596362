import { expect } from 'vitest';
import { KiB, MiB } from '../../../contract/index.js';
import { sha256 } from '../../support/wire.js';
import type { RawChunk } from './raw-chunk.js';
import type { Setting } from './setting.js';

/** The largest chunk that a client may choose: four of them take the whole memory budget. */
const SIZE = 64 * MiB;
const HASH = sha256(new Uint8Array(0));
/** More than a server reads of a body that it does not want yet. */
export const READ_AHEAD = 256 * KiB;

const fieldsOf = (uploadId: string, index: number) => ({
  uploadId,
  index,
  offset: index * SIZE,
  size: SIZE,
  total: 5,
  hash: HASH,
});

/** Looks again until what it sees is wanted; each look is a question to the other process and its answer. */
export async function until<Seen>(look: () => Promise<Seen>, wanted: (seen: Seen) => boolean): Promise<Seen> {
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
  }
}

/** The number once it stayed the same for so many looks in a row that nothing moves any more. */
export async function quiet(look: () => Promise<number | null>): Promise<number> {
  let last: number | null = null;
  for (let same = 0; same < 50; ) {
    const seen = await look();
    same = seen === last ? same + 1 : 0;
    last = seen;
  }
  return last ?? 0;
}

/**
 * Four senders hold the server's memory and stall; a fifth sends as much as is taken. Then the four die, each in
 * another way.
 * @returns what the server had read of the fifth while it waited
 */
export async function readWhileBusy(setting: Setting): Promise<number> {
  const { app, client } = setting;
  const { trpc } = client();
  const { uploadId } = await trpc.uploads.init.mutate({
    name: 'busy.bin',
    size: 5 * SIZE,
    chunkSize: SIZE,
    hash: null,
  });
  const open = async (index: number): Promise<RawChunk> => {
    const chunk = await setting.raw(fieldsOf(uploadId, index), SIZE);
    chunk.write(index === 4 ? SIZE : 2 * MiB);
    return chunk;
  };
  const readOf = async (chunk: RawChunk) => (await app.bytesRead(chunk.port)) ?? 0;

  const holders = await Promise.all([0, 1, 2, 3].map(open));
  // Only a body that was granted its memory is read this far.
  for (const holder of holders)
    await until(
      () => readOf(holder),
      (bytes) => bytes >= 2 * MiB,
    );
  const fifth = await open(4);
  const read = await quiet(async () => {
    await trpc.me.query();
    return readOf(fifth);
  });
  expect(fifth.answered, 'the fifth waits').toBe(false);

  holders[0]?.die('close');
  holders[1]?.die('reset');
  holders[2]?.cancel();
  holders[3]?.cancel();
  // What the dead had is the fifth's now.
  await until(
    () => readOf(fifth),
    (bytes) => bytes > read + 2 * MiB,
  );
  fifth.die('reset');
  expect(await trpc.uploads.resume.query({ uploadId })).toMatchObject({
    status: 'receiving',
    receivedChunks: 0,
    missing: [[0, 4]],
  });
  await trpc.uploads.abort.mutate({ uploadId });
  return read;
}
