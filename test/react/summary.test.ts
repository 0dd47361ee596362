import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSummary, type UploadsSummary } from '../../client/react/summary.js';
import { CLIENT_DEFAULTS, UploadError } from '../../contract/index.js';
import { manualClock } from '../client/support/clock.js';
import { gate, setup } from '../client/support/setup.js';

const SIZE = 40_000;

/** An uploader whose chunks wait from the third one on, and a store that is listened to. */
async function following(policy?: string) {
  const clock = manualClock();
  let held = gate();
  const script = { receiving: ({ index = 0 }) => (index < 2 ? Promise.resolve() : held.opened) };
  const test = await setup(script, { clock });
  const store = createSummary(test.uploader, policy, clock);
  const seen: UploadsSummary[] = [store.current()];
  const stop = store.subscribe(() => seen.push(store.current()));
  return {
    ...{ test, clock, store, seen, stop },
    add: (name: string, options = {}) =>
      test.uploader.add(new Uint8Array(SIZE).fill(seen.length), { name, ...options }),
    open: () => held.open(),
    hold() {
      held = gate();
    },
    /** What is told once the time between two calls is over, of the list and then of the summary. */
    next() {
      clock.advance(2 * CLIENT_DEFAULTS.progressIntervalMs);
      return store.current();
    },
    async [Symbol.asyncDispose]() {
      held.open();
      await test[Symbol.asyncDispose]();
    },
  };
}

let one: Awaited<ReturnType<typeof following>>;
beforeEach(async () => {
  one = await following();
});
afterEach(() => one[Symbol.asyncDispose]());

const chunksOf = (task: { state: { chunks: number }; subscribe(listener: () => void): () => void }) =>
  new Promise<void>((resolve) => {
    const look = () => task.state.chunks === 2 && resolve();
    task.subscribe(look);
    look();
  });
const ended = async (...tasks: { result: Promise<unknown> }[]) => {
  await Promise.allSettled(tasks.map(({ result }) => result));
  await turn();
};

describe('the summary', () => {
  it('adds up what runs, and ends at 1', async () => {
    expect(one.store.current()).toMatchObject({ count: 0, bytes: 0, size: 0, fraction: 0 });
    const tasks = [one.add('a'), one.add('b')];
    await Promise.all(tasks.slice(0, 1).map(chunksOf));
    const { phases, ...middle } = one.next();
    expect(phases).toMatchObject({ completed: 0, failed: 0 });
    expect(phases.uploading).toBeGreaterThan(0);
    const bytes = tasks.reduce((sum, { state }) => sum + state.bytes, 0);
    expect(middle).toEqual({ count: 2, bytes, size: 2 * SIZE, fraction: bytes / (2 * SIZE) });
    one.open();
    await ended(...tasks);
    expect(one.next()).toMatchObject({
      fraction: 1,
      bytes: 2 * SIZE,
      phases: { uploading: 0, completed: 2 },
    });
    expect(Object.isFrozen(one.store.current())).toBe(true);
  });

  it('never goes back: not for more files, not for one that fails, not for one that is dismissed', async () => {
    const first = one.add('a');
    await chunksOf(first);
    const { fraction } = one.next();
    expect(fraction).toBeGreaterThan(0);
    const more = [one.add('b'), one.add('c')];
    expect(one.next()).toMatchObject({ fraction, count: 3, size: 3 * SIZE });
    await more[0]?.cancel();
    expect(one.next()).toMatchObject({ count: 3, size: 2 * SIZE, phases: { cancelled: 1 } });
    one.open();
    await ended(first);
    one.next();
    one.test.uploader.dismiss(first);
    if (more[0]) one.test.uploader.dismiss(more[0]);
    expect(one.next()).toMatchObject({ count: 2, size: 2 * SIZE });
    await ended(...more);
    expect(one.next()).toMatchObject({ count: 2, bytes: 2 * SIZE, fraction: 1, phases: { completed: 2 } });
    const fractions = one.seen.map(({ fraction }) => fraction);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  });

  it('begins anew with what is added after all has settled', async () => {
    one.open();
    const first = one.add('a');
    await ended(first);
    expect(one.next()).toMatchObject({ count: 1, fraction: 1 });
    one.hold();
    const second = one.add('b');
    expect(one.next()).toMatchObject({ count: 1, fraction: 0, size: SIZE });
    await chunksOf(second);
    const { fraction } = one.next();
    expect(fraction).toBeGreaterThan(0);
    expect(fraction).toBeLessThan(1);
  });

  it('counts what came and went between two looks', async () => {
    one.open();
    await ended(one.add('a'), one.add('b'));
    expect(one.next()).toMatchObject({ count: 2, fraction: 1, phases: { completed: 2 } });
  });

  it('of one that comes in the middle shows what runs, without what was over before', async () => {
    one.open();
    await ended(one.add('a'));
    one.hold();
    const running = one.add('b');
    await chunksOf(running);
    const late = createSummary(one.test.uploader, undefined, one.clock);
    expect(late.current()).toMatchObject({ count: 1, size: SIZE, bytes: running.state.bytes });
    one.open();
    await ended(running);
    const after = createSummary(one.test.uploader, undefined, one.clock);
    expect(after.current()).toMatchObject({ count: 2, fraction: 1 });
  });

  it('stays below 1 while anything runs', async () => {
    const empty = one.test.uploader.add(new Uint8Array(0), { name: 'empty' });
    const task = one.add('a');
    one.test.server.script.fault = ({ index }) =>
      index === 2 ? { error: new UploadError('REFUSED') } : undefined;
    await ended(empty, task);
    expect(one.next()).toMatchObject({ phases: { completed: 1, failed: 1 }, fraction: 1, size: 0 });
    for (const { fraction, phases } of one.seen)
      if (phases.waiting + phases.hashing + phases.uploading > 0) expect(fraction).toBeLessThan(1);
  });

  it('of a policy leaves the others out', async () => {
    await using photos = await following('photos');
    photos.open();
    await ended(photos.add('a'), photos.add('b', { policy: 'photos' }));
    expect(photos.next()).toMatchObject({ count: 1, phases: { completed: 1 } });
  });

  it('is the same object until something changes, and listens to nobody without listeners', async () => {
    const first = one.store.current();
    one.next();
    expect(one.store.current()).toBe(first);
    one.stop();
    const task = one.add('a');
    await chunksOf(task);
    expect(one.next()).toBe(first);
    one.store.subscribe(() => {});
    expect(one.store.current()).toMatchObject({ count: 1, bytes: task.state.bytes });
  });
});
