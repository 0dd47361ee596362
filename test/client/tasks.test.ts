import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bytesSource, isUploadError, type UploadTask } from '../../client/index.js';
import { CLIENT_DEFAULTS } from '../../contract/index.js';
import { manualClock } from './support/clock.js';
import { bytesOf, gate, setup } from './support/setup.js';

const SIZE = 30_000;

const namesOf = (tasks: readonly UploadTask<unknown>[]) => tasks.map(({ state }) => state.name);
/** Settles as soon as what began when the result did is over. */
const settled = async (task: UploadTask<unknown>) => {
  await task.result.catch(() => {});
  await turn();
};
const errorOf = (run: () => unknown) => {
  try {
    run();
    return null;
  } catch (error) {
    return isUploadError(error) ? [error.code, error.message] : error;
  }
};

describe('the list of uploads', () => {
  it('is another one when an upload is added, settles or is dismissed, and only then', async () => {
    const held = gate();
    await using test = await setup({
      receiving: ({ index = 0 }) => (index < 2 ? Promise.resolve() : held.opened),
    });
    const { uploader } = test;
    const empty = uploader.tasks;
    expect(empty).toEqual([]);
    const task = uploader.add(bytesOf(SIZE), { name: 'a' });
    const added = uploader.tasks;
    expect(added).toEqual([task]);
    expect(added).not.toBe(empty);
    expect(Object.isFrozen(added)).toBe(true);
    await new Promise<void>((resolve) => {
      task.subscribe(() => task.state.chunks === 2 && resolve());
    });
    expect(task.state.bytes).toBeGreaterThan(0);
    expect(uploader.tasks).toBe(added);
    held.open();
    await settled(task);
    const done = uploader.tasks;
    expect(done).toEqual([task]);
    expect(done).not.toBe(added);
    uploader.dismiss(task);
    expect(uploader.tasks).toEqual([]);
    expect(done).toEqual([task]);
  });

  it('keeps the order in which they were added, with what tells them apart', async () => {
    await using test = await setup();
    const file = Object.assign(new File(['x'], 'b.txt'), { webkitRelativePath: 'folder/b.txt' });
    test.uploader.add(bytesOf(9), { name: 'a', policy: 'photos' });
    test.uploader.add(file);
    test.uploader.add(file, { relativePath: 'other/b.txt' });
    const told = test.uploader.tasks.map(({ policy, relativePath }) => [policy, relativePath]);
    expect(told).toEqual([
      ['photos', undefined],
      ['default', 'folder/b.txt'],
      ['default', 'other/b.txt'],
    ]);
    await Promise.all(test.uploader.tasks.map(settled));
    expect(namesOf(test.uploader.tasks)).toEqual(['a', 'b.txt', 'b.txt']);
  });

  it('tells of the first change at once, and of those that follow together', async () => {
    const clock = manualClock();
    await using test = await setup({}, { clock });
    const lengths: number[] = [];
    const stop = test.uploader.subscribe(() => lengths.push(test.uploader.tasks.length));
    for (let i = 0; i < 50; i++) test.uploader.add(bytesOf(1), { name: `f${i}` });
    expect(lengths).toEqual([1]);
    clock.advance(CLIENT_DEFAULTS.progressIntervalMs);
    expect(lengths).toEqual([1, 50]);
    clock.advance(CLIENT_DEFAULTS.progressIntervalMs);
    expect(lengths).toEqual([1, 50]);
    stop();
    test.uploader.add(bytesOf(1));
    expect(lengths).toEqual([1, 50]);
  });

  it('does not call a listener from within itself, whatever it dismisses', async () => {
    const clock = manualClock();
    await using test = await setup({}, { clock });
    const { uploader } = test;
    for (let i = 0; i < 50; i++) await uploader.add(bytesOf(1)).cancel();
    clock.advance(CLIENT_DEFAULTS.progressIntervalMs);
    let calls = 0;
    uploader.subscribe(() => {
      calls++;
      for (const task of uploader.tasks) if (task.state.error) uploader.dismiss(task);
    });
    const added = uploader.add(bytesOf(1));
    expect(calls).toBe(1);
    expect(uploader.tasks).toEqual([added]);
    clock.advance(CLIENT_DEFAULTS.progressIntervalMs);
    expect(calls).toBe(2);
  });

  it('keeps so many settled ones, those that settled last, and every one that runs', async () => {
    await using test = await setup({}, { hashing: 'during' });
    const first = test.uploader.add(bytesOf(1), { name: 'runs' });
    first.pause();
    const kept = CLIENT_DEFAULTS.settledTasksKept;
    const tasks = Array.from({ length: kept + 2 }, (_, i) =>
      test.uploader.add(bytesOf(1), { name: `f${i}` }),
    );
    const [one, two, ...others] = tasks;
    for (const task of [...others, one, two]) await task?.cancel();
    await turn();
    expect(test.uploader.tasks).toHaveLength(kept + 1);
    expect(namesOf(test.uploader.tasks.slice(0, 4))).toEqual(['runs', 'f0', 'f1', 'f4']);
  });
});

describe('dismiss', () => {
  it('refuses an upload that runs, and does not mind one that is gone', async () => {
    await using test = await setup({}, {});
    const task = test.uploader.add(bytesOf(SIZE));
    expect(errorOf(() => test.uploader.dismiss(task))).toEqual([
      'INPUT_INVALID',
      'The upload still runs. Cancel it first.',
    ]);
    await task.cancel();
    test.uploader.dismiss(task);
    test.uploader.dismiss(task);
    expect(test.uploader.tasks).toEqual([]);
  });

  it('works from the listener that hears of the end', async () => {
    await using test = await setup();
    const task = test.uploader.add(bytesOf(SIZE));
    task.subscribe(() => task.state.phase === 'completed' && test.uploader.dismiss(task));
    await settled(task);
    expect(test.uploader.tasks).toEqual([]);
  });
});

describe('retry', () => {
  it('begins a failed upload again in its place, with its options', async () => {
    await using test = await setup({ rules: { maxFileSize: SIZE - 1 } });
    const { uploader } = test;
    const options = { policy: 'photos', metadata: { album: 'summer' }, relativePath: 'a/b' };
    const failed = uploader.add(new File([new Uint8Array(SIZE)], 'b'), options);
    const other = uploader.add(bytesOf(1), { name: 'c' });
    await settled(failed);
    expect(failed.state.phase).toBe('failed');
    test.server.script.rules = {};
    const again = uploader.retry(failed);
    expect(again.id).not.toBe(failed.id);
    expect(uploader.tasks).toEqual([again, other]);
    const { uploadId } = await again.result;
    expect(test.server.sessions.get(uploadId).input).toMatchObject({ ...options, name: 'b', size: SIZE });
    expect(failed.state.phase).toBe('failed');
    await turn();
    expect(uploader.tasks).toEqual([again, other]);
  });

  it('goes on with the session of one that was cancelled, though its signal has aborted', async () => {
    const held = gate();
    await using test = await setup({
      receiving: ({ index = 0 }) => (index < 2 ? Promise.resolve() : held.opened),
    });
    const controller = new AbortController();
    const task = test.uploader.add(bytesOf(SIZE), { name: 'a', signal: controller.signal });
    await new Promise<void>((resolve) => {
      task.subscribe(() => task.state.chunks === 2 && resolve());
    });
    controller.abort();
    await settled(task);
    held.open();
    const again = test.uploader.retry(task);
    expect(await again.result).toMatchObject({ resumed: true, uploadId: task.state.uploadId });
  });

  it('keeps a signal that has not aborted', async () => {
    await using test = await setup();
    const controller = new AbortController();
    const task = test.uploader.add(bytesOf(SIZE), { signal: controller.signal });
    await task.cancel();
    const again = test.uploader.retry(task);
    controller.abort();
    await expect(again.result).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('refuses whatever has not failed, is not listed, or has a closed source', async () => {
    await using test = await setup();
    const { uploader } = test;
    const task = uploader.add(bytesOf(SIZE));
    const only = 'Only a listed upload that has failed or was cancelled can be tried again.';
    expect(errorOf(() => uploader.retry(task))).toEqual(['INPUT_INVALID', only]);
    await settled(task);
    expect(errorOf(() => uploader.retry(task))).toEqual(['INPUT_INVALID', only]);
    const closing = uploader.add({ ...bytesSource(bytesOf(SIZE)), close: async () => {} });
    await closing.cancel();
    expect(errorOf(() => uploader.retry(closing))).toEqual([
      'INPUT_INVALID',
      'The source of this upload is closed. Add the file again.',
    ]);
    uploader.dismiss(closing);
    expect(errorOf(() => uploader.retry(closing))).toEqual(['INPUT_INVALID', only]);
    const twice = uploader.add(bytesOf(SIZE));
    await twice.cancel();
    const again = uploader.retry(twice);
    expect(errorOf(() => uploader.retry(twice))).toEqual(['INPUT_INVALID', only]);
    await again.result;
  });
});

describe('a settled upload', () => {
  it.each(['completed', 'dismissed'] as const)('that is %s does not hold on to its bytes', async (end) => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    await using test = await setup();
    const begin = () => {
      const bytes = new Uint8Array(SIZE);
      return { task: test.uploader.add(bytes), memory: new WeakRef(bytes.buffer) };
    };
    const { task, memory } = begin();
    if (end === 'completed') await settled(task);
    else {
      await task.cancel();
      test.uploader.dismiss(task);
    }
    let gone = false;
    for (let turns = 0; !gone && turns < 100; turns++) {
      // What was looked at stays until the turn ends.
      await turn();
      collect();
      gone = memory.deref() === undefined;
    }
    expect(gone).toBe(true);
    expect(task.state.size).toBe(SIZE);
  });
});

describe('the state of an upload', () => {
  it('changes exactly when its listeners are called', async () => {
    const clock = manualClock();
    await using test = await setup({}, { clock });
    const task = test.uploader.add(bytesOf(SIZE));
    let [seen, surprises] = [task.state, 0];
    const stop = setInterval(() => {
      if (task.state !== seen) surprises++;
    });
    let calls = 0;
    task.subscribe(() => {
      calls++;
      seen = task.state;
    });
    await settled(task);
    clearInterval(stop);
    expect(calls).toBeGreaterThan(5);
    expect(surprises).toBe(0);
    expect(task.state).toBe(seen);
  });
});
