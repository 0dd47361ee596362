import { describe, expect, it } from 'vitest';
import type { Connectivity } from '../../client/index.js';
import { sleepUntilOnline } from '../../client/online.js';
import { createScope } from '../../client/scope.js';
import { UploadError } from '../../contract/index.js';
import { fullJitter, manualClock } from './support/clock.js';
import { bytesOf, gate, setup } from './support/setup.js';

/** A line that goes and comes when told to. */
function line(): Connectivity & { set(online: boolean): void; readonly listeners: number } {
  const listeners = new Set<() => void>();
  let online = true;
  return {
    isOnline: () => online,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(now) {
      online = now;
      for (const listener of [...listeners]) listener();
    },
    get listeners() {
      return listeners.size;
    },
  };
}

describe('a pause between two tries', () => {
  it('lasts as long as it should', async () => {
    const [clock, connectivity] = [manualClock(), line()];
    const pause = sleepUntilOnline(clock, 5000, createScope(), connectivity);
    connectivity.set(false);
    clock.advance(5000);
    expect(await pause).toBe(false);
    expect(connectivity.listeners).toBe(0);
  });

  it('ends when the machine comes online', async () => {
    const [clock, connectivity] = [manualClock(), line()];
    const pause = sleepUntilOnline(clock, 5000, createScope(), connectivity);
    connectivity.set(false);
    connectivity.set(true);
    expect(await pause).toBe(true);
    expect(connectivity.listeners).toBe(0);
  });

  it('ends with the reason of an abort', async () => {
    const [scope, connectivity] = [createScope(), line()];
    const pause = sleepUntilOnline(manualClock(), 5000, scope, connectivity);
    const reason = new Error('enough');
    scope.abort(reason);
    await expect(pause).rejects.toBe(reason);
    expect(connectivity.listeners).toBe(0);
  });
});

describe('a line that drops', () => {
  it('burns no retry: what was on the way is sent again, also before the server has answered once', async () => {
    const connectivity = line();
    const refused: string[] = [];
    await using test = await setup(
      {
        fault({ path, attempt }) {
          if (attempt > 2 || path === 'uploads.policy') return undefined;
          refused.push(path);
          connectivity.set(false);
          return { drop: 'early' };
        },
        maxParallelChunks: 1,
      },
      { connectivity, retries: 0 },
    );
    const task = test.uploader.add(bytesOf(10));
    task.subscribe(() => {
      if (task.state.retries > 0 && !connectivity.isOnline()) queueMicrotask(() => connectivity.set(true));
    });
    expect(await task.result).toMatchObject({ status: 'completed', retries: 4 });
    expect(refused.sort()).toEqual(['uploads.chunk', 'uploads.chunk', 'uploads.init', 'uploads.init']);
  });

  it('comes back in the middle of a pause, and the pause ends', async () => {
    const [clock, connectivity, dropped] = [manualClock(), line(), gate()];
    await using test = await setup(
      {
        fault({ index, attempt }) {
          if (index === undefined || attempt > 1) return undefined;
          dropped.open();
          return { drop: 'early' };
        },
      },
      { clock, connectivity, random: fullJitter, minBackoffMs: 7777, maxBackoffMs: 7777 },
    );
    const uploading = test.uploader.upload(bytesOf(10));
    await dropped.opened;
    await clock.timer((ms) => ms === 7777);
    connectivity.set(false);
    connectivity.set(true);
    // The clock stands still: only the line can have ended the pause.
    expect(await uploading).toMatchObject({ status: 'completed', retries: 1 });
  });

  it('does not shorten what the server asked for', async () => {
    const [clock, connectivity] = [manualClock(), line()];
    await using test = await setup(
      {
        fault: ({ index, attempt }) =>
          index !== undefined && attempt === 1
            ? { error: new UploadError('SERVER_BUSY', { retryAfterMs: 7777 }) }
            : undefined,
      },
      { clock, connectivity },
    );
    const uploading = test.uploader.upload(bytesOf(10));
    await clock.timer((ms) => ms === 7777);
    connectivity.set(false);
    connectivity.set(true);
    await test.trpc.uploads.list.query({});
    expect(test.server.chunkLog()).toHaveLength(1);
    clock.advance(7777);
    expect(await uploading).toMatchObject({ status: 'completed', retries: 1 });
  });
});
