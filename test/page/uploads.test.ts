/** The list that the page keeps: what the server lists, and what the stream tells in between. */
import { describe, expect, it } from 'vitest';
import {
  type ListInput,
  type ListView,
  PAGE_DEFAULTS,
  type Progress,
  UploadError,
  type WatchEvent,
} from '../../contract/index.js';
import { createUploads } from '../../page/state/uploads.js';
import { manualClock } from '../support/clock.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * 1024;

/** A list on a real server, whose answers can be held up. */
async function setup() {
  const folder = await temporaryFolder();
  const policies = { default: { threshold: CHUNK, chunkSize: CHUNK } };
  const server = await startServer({ root: folder.path, policies });
  const client = wireClient(server.url);
  const clock = manualClock();
  const errors: unknown[] = [];
  let held: Promise<void> | null = null;
  let reads = 0;
  let told = 0;
  let broken = false;
  const uploads = createUploads({
    clock,
    onError: (error) => errors.push(error),
    onRead: () => {
      told++;
    },
    server: {
      async list(input: ListInput) {
        reads++;
        if (broken) throw new UploadError('NETWORK');
        const { data } = await client.query<ListView>('list', input);
        await held;
        return data;
      },
    },
  });
  return {
    ...{ uploads, clock, errors, client },
    reads: () => reads,
    /** How often it was said that the list is right. */
    told: () => told,
    breakLine: (isBroken: boolean) => {
      broken = isBroken;
    },
    hold() {
      let release = () => {};
      held = new Promise((resolve) => {
        release = () => {
          held = null;
          resolve();
        };
      });
      return release;
    },
    /** An upload of four chunks, with a function that sends one. */
    async begin(name: string) {
      const file = randomFile(4 * CHUNK, CHUNK);
      const { uploadId } = (await client.init(file.input(name))).data;
      const send = async (index: number): Promise<Progress> => {
        const { data } = await client.chunk(file.fields(uploadId, index), file.piece(index));
        return data;
      };
      return { uploadId, send };
    },
    shown: () =>
      uploads.state.value.rows.map(({ view, isMoving }) => [
        view.name,
        view.status,
        view.receivedChunks,
        isMoving,
      ]),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const SNAPSHOT: WatchEvent = { kind: 'snapshot', items: [] };

describe('the list of the page', () => {
  it('loses no change that comes while it is read', async () => {
    await using list = await setup();
    const upload = await list.begin('a');
    const release = list.hold();
    const reading = list.uploads.refresh();
    await expect.poll(list.reads).toBe(1);
    const progress = await upload.send(0);
    list.uploads.onEvent({ kind: 'progress', progress });
    release();
    await reading;
    expect(list.shown()).toEqual([['a', 'receiving', 1, true]]);
  });

  it('takes out what somebody has aborted, and reads anew for what it does not know, not for each change', async () => {
    await using list = await setup();
    const known = await list.begin('known');
    await list.uploads.refresh();
    const other = await list.begin('other');
    const before = list.reads();
    for (const index of [0, 1, 2])
      list.uploads.onEvent({ kind: 'progress', progress: await other.send(index) });
    expect(list.reads()).toBe(before);
    await list.clock.advance(PAGE_DEFAULTS.refreshMs);
    await expect.poll(list.shown).toEqual([
      ['other', 'receiving', 3, true],
      ['known', 'receiving', 0, false],
    ]);
    expect(list.reads()).toBe(before + 1);
    const { data } = await list.client.mutate<Progress>('abort', { uploadId: known.uploadId });
    list.uploads.onEvent({ kind: 'progress', progress: data });
    expect(list.shown().map(([name]) => name)).toEqual(['other']);
  });

  it('tells what moves from what stands still', async () => {
    await using list = await setup();
    const upload = await list.begin('a');
    await list.uploads.refresh();
    list.uploads.onEvent({ kind: 'progress', progress: await upload.send(0) });
    expect(list.shown()).toEqual([['a', 'receiving', 1, true]]);
    await list.clock.advance(PAGE_DEFAULTS.stoppedAfterMs - 1);
    list.uploads.onEvent({ kind: 'progress', progress: await upload.send(1) });
    await list.clock.advance(PAGE_DEFAULTS.stoppedAfterMs - 1);
    expect(list.shown()).toEqual([['a', 'receiving', 2, true]]);
    await list.clock.advance(1);
    expect(list.shown()).toEqual([['a', 'receiving', 2, false]]);
    expect(list.clock.pending).toBe(0);
  });

  it('is read again when the stream begins anew, and shows nothing of who has left', async () => {
    await using list = await setup();
    await list.begin('a');
    list.uploads.onEvent(SNAPSHOT);
    await expect.poll(list.shown).toEqual([['a', 'receiving', 0, false]]);
    const release = list.hold();
    list.uploads.onEvent(SNAPSHOT);
    list.uploads.clear();
    release();
    expect(list.shown()).toEqual([]);
    await list.uploads.refresh();
    expect(list.shown()).toHaveLength(1);
    expect(list.errors).toEqual([]);
  });

  it('never goes back by an event that is older than what the server has listed', async () => {
    await using list = await setup();
    const upload = await list.begin('a');
    const events: WatchEvent[] = [];
    const send = async (index: number) =>
      events.push({ kind: 'progress', progress: await upload.send(index) });
    await send(0);
    await send(1);
    const release = list.hold();
    const reading = list.uploads.refresh();
    await expect.poll(list.reads).toBe(1);
    for (const event of events.splice(0, 1)) list.uploads.onEvent(event);
    release();
    await reading;
    expect(list.shown()).toEqual([['a', 'receiving', 2, false]]);
    await send(2);
    await send(3);
    await list.uploads.refresh();
    expect(list.shown()).toEqual([['a', 'completed', 4, false]]);
    // Those that were on their way all the time.
    for (const event of events) {
      list.uploads.onEvent(event);
      expect(list.shown()).toEqual([['a', 'completed', 4, false]]);
    }
    expect(list.errors).toEqual([]);
  });

  it('is read again by itself where it could not be read, and only then said to be right', async () => {
    await using list = await setup();
    const upload = await list.begin('a');
    list.breakLine(true);
    list.uploads.onEvent(SNAPSHOT);
    await expect.poll(() => list.errors).toHaveLength(1);
    // The stream goes on.
    list.uploads.onEvent({ kind: 'progress', progress: await upload.send(0) });
    expect([list.shown(), list.told()]).toEqual([[], 0]);
    await list.clock.advance(PAGE_DEFAULTS.reconnectMs);
    await expect.poll(() => list.errors).toHaveLength(2);
    list.breakLine(false);
    await list.clock.advance(2 * PAGE_DEFAULTS.reconnectMs);
    await expect.poll(list.shown).toEqual([['a', 'receiving', 1, false]]);
    expect([list.told(), list.reads(), list.clock.pending]).toEqual([1, 3, 0]);
  });

  it('does not ask again for what broke once somebody has left', async () => {
    await using list = await setup();
    list.breakLine(true);
    const reading = list.uploads.refresh();
    list.uploads.clear();
    await expect(reading).rejects.toThrow();
    expect(list.clock.pending).toBe(0);
  });

  it('tells what moves without the stream, by what has come since it was read last', async () => {
    await using list = await setup();
    const upload = await list.begin('a');
    await list.uploads.refresh();
    await upload.send(0);
    await list.uploads.refresh();
    expect(list.shown()).toEqual([['a', 'receiving', 1, true]]);
    await list.clock.advance(PAGE_DEFAULTS.stoppedAfterMs);
    await list.uploads.refresh();
    expect(list.shown()).toEqual([['a', 'receiving', 1, false]]);
  });

  it('asks for what it shows alone, however much it does not show', async () => {
    await using list = await setup();
    await list.begin('old');
    for (let number = 0; number <= PAGE_DEFAULTS.listedUploads; number++) {
      const input = { name: `${number}`, size: 9, chunkSize: CHUNK, hash: null };
      const { uploadId } = (await list.client.init(input)).data;
      await list.client.mutate('abort', { uploadId });
    }
    await list.uploads.refresh();
    expect(list.shown()).toEqual([['old', 'receiving', 0, false]]);
    expect(list.reads()).toBe(1);
  });
});
