import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Clock, sleep, systemClock, systemRandomness } from '../../contract/index.js';

/** A clock whose timers fire when told. */
function manualClock() {
  const timers = new Map<object, () => void>();
  const delays: number[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after(delayMs, run) {
      const key = {};
      delays.push(delayMs);
      timers.set(key, run);
      return () => timers.delete(key);
    },
  };
  const fire = () => {
    for (const [key, run] of [...timers]) {
      timers.delete(key);
      run();
    }
  };
  return { clock, timers, delays, fire };
}

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('sleep', () => {
  test('resolves when its time has come, and leaves no listener', async () => {
    const { clock, delays, fire } = manualClock();
    const { signal } = new AbortController();
    const slept = sleep(clock, 250, signal);
    expect(listeners(signal)).toBe(1);
    fire();
    await expect(slept).resolves.toBeUndefined();
    expect(delays).toEqual([250]);
    expect(listeners(signal)).toBe(0);
  });

  test('rejects with the reason of the signal, and leaves neither listener nor timer', async () => {
    const { clock, timers } = manualClock();
    const controller = new AbortController();
    const reason = new Error('enough');
    const slept = sleep(clock, 250, controller.signal);
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
    expect(timers.size).toBe(0);
    expect(listeners(controller.signal)).toBe(0);
  });

  test('rejects at once where the signal has aborted, without a timer', async () => {
    const { clock, delays } = manualClock();
    const signal = AbortSignal.abort('earlier');
    await expect(sleep(clock, 250, signal)).rejects.toBe('earlier');
    expect(delays).toEqual([]);
    expect(listeners(signal)).toBe(0);
  });

  test('an abort after its time changes nothing', async () => {
    const { clock, fire } = manualClock();
    const controller = new AbortController();
    const slept = sleep(clock, 1, controller.signal);
    fire();
    controller.abort();
    await expect(slept).resolves.toBeUndefined();
  });

  test('a thousand in turn on one signal leave none behind', async () => {
    const { clock, fire } = manualClock();
    const { signal } = new AbortController();
    for (let i = 0; i < 1000; i++) {
      const slept = sleep(clock, 1, signal);
      fire();
      await slept;
    }
    expect(listeners(signal)).toBe(0);
  });
});

describe('the system clock', () => {
  test('runs once after the delay', async () => {
    const before = systemClock.monotonic();
    let keepAlive: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      keepAlive = setTimeout(() => {}, 10_000);
      systemClock.after(5, resolve);
    });
    clearTimeout(keepAlive);
    expect(systemClock.monotonic()).toBeGreaterThan(before);
  });

  test('a cancelled timer does not run', async () => {
    const ran: string[] = [];
    systemClock.after(1, () => ran.push('cancelled'))();
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
    await new Promise<void>((resolve) => systemClock.after(2, () => resolve(void ran.push('kept'))));
    expect(ran).toEqual(['kept']);
  });

  test('counts milliseconds since 1970', () => {
    const [before, now, after] = [Date.now(), systemClock.now(), Date.now()];
    expect(now >= before && now <= after).toBe(true);
  });
});

test('random numbers are within [0, 1)', () => {
  for (let i = 0; i < 1000; i++) {
    const value = systemRandomness.next();
    expect(value >= 0 && value < 1).toBe(true);
  }
});
