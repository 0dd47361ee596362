import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../testing/clock.js';

describe('the clock', () => {
  test('runs timers in the order of their time, each at its time', async () => {
    const clock = createManualClock({ startMs: 0 });
    const seen: [string, number][] = [];
    clock.after(20, () => seen.push(['b', clock.now()]));
    clock.after(10, () => {
      seen.push(['a', clock.now()]);
      clock.after(5, () => seen.push(['a2', clock.now()]));
    });
    clock.after(31, () => seen.push(['late', clock.now()]));
    const cancel = clock.after(12, () => seen.push(['cancelled', clock.now()]));
    cancel();
    await clock.advance(30);
    expect(seen).toEqual([
      ['a', 10],
      ['a2', 15],
      ['b', 20],
    ]);
    expect([clock.now(), clock.monotonic(), clock.pending, clock.nextAt()]).toEqual([30, 30, 1, 31]);
  });

  test('runs what is due already without being moved', async () => {
    const clock = createManualClock();
    await new Promise<void>((resolve) => clock.after(0, resolve));
    expect(clock.pending).toBe(0);
    let ran = false;
    clock.after(0, () => {
      ran = true;
    })();
    await clock.advance(0);
    expect(ran).toBe(false);
  });

  test('moves over long spans in about a hundred steps, never beyond their end', async () => {
    const day = 24 * 60 * 60_000;
    const clock = createManualClock({ startMs: 0 });
    const seen: number[] = [];
    const again = () => {
      seen.push(clock.now());
      clock.after(60_000, again);
    };
    clock.after(60_000, again);
    await clock.advance(day);
    expect(seen.length).toBeGreaterThan(80);
    expect(seen.length).toBeLessThan(110);
    expect(Math.max(...seen)).toBeLessThanOrEqual(day);
    expect(clock.now()).toBe(day);
  });

  test('is moved by one at a time, and waits for what a timer began', async () => {
    let settling = 0;
    const settle = async () => {
      settling++;
      await new Promise((resolve) => setImmediate(resolve));
      settling--;
    };
    const clock = createManualClock({ startMs: 0, settle });
    const seen: number[] = [];
    for (const at of [1, 2, 3]) clock.after(at, () => seen.push(settling, clock.now()));
    await Promise.all([clock.advance(2), clock.advance(2)]);
    expect([seen, clock.now()]).toEqual([[0, 1, 0, 2, 0, 3], 4]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number])(
    'refuses %s',
    async (ms) => {
      await expect(createManualClock().advance(ms)).rejects.toThrow(
        'The clock moves on by milliseconds from 0',
      );
    },
  );

  test('a timer that throws fails the move, and the clock goes on', async () => {
    const clock = createManualClock({ startMs: 0 });
    clock.after(1, () => {
      throw new Error('broken');
    });
    await expect(clock.advance(1)).rejects.toThrow('broken');
    await clock.advance(4);
    expect(clock.now()).toBe(5);
  });
});
