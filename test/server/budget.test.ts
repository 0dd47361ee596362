import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../server/receive/budget.js';
import { manualClock } from '../support/clock.js';

const never = new AbortController().signal;

describe('the memory budget', () => {
  const make = (capacityBytes = 100) => {
    const clock = manualClock();
    return { clock, budget: createBudget({ capacityBytes, waitMs: 1000, clock }) };
  };

  it('is never exceeded, serves everybody in the end, and is whole again afterwards', async () => {
    const request = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      bytes: fc.integer({ min: 0, max: 25 }),
      holds: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 40 }), async (requests) => {
        const { budget, clock } = make();
        let served = 0;
        let most = 0;
        await Promise.all(
          requests.map(async ({ owner, bytes, holds }) => {
            const giveBack = await budget.take(owner, bytes, never);
            most = Math.max(most, budget.used);
            for (let n = 0; n < holds; n++) await Promise.resolve();
            giveBack();
            giveBack();
            served++;
          }),
        );
        expect(served).toBe(requests.length);
        expect(most).toBeLessThanOrEqual(100);
        expect(budget.used).toBe(0);
        expect(clock.pending).toBe(0);
      }),
    );
  });

  it('goes first come, first served, but gives one owner no more than half while others wait', async () => {
    const { budget } = make();
    const order: string[] = [];
    const take = (owner: string, bytes: number) =>
      budget.take(owner, bytes, never).then((giveBack) => {
        order.push(`${owner}${bytes}`);
        return giveBack;
      });
    const first = await take('a', 60);
    const waiting = [take('a', 41), take('a', 42), take('b', 43)];
    expect(order).toEqual(['a60']);
    first();
    // Alone in the queue, an owner may have it all; while b waits, a stops at half.
    const granted = await Promise.all([waiting[0], waiting[2]]);
    expect(order).toEqual(['a60', 'a41', 'b43']);
    for (const giveBack of granted) giveBack?.();
    await waiting[1];
    expect(order).toEqual(['a60', 'a41', 'b43', 'a42']);
  });

  it('says SERVER_BUSY after the wait, and lets an aborted request go', async () => {
    const { budget, clock } = make();
    const giveBack = await budget.take('a', 100, never);
    const late = budget.take('b', 1, never);
    const controller = new AbortController();
    const aborted = budget.take('c', 1, controller.signal);
    const expectations = Promise.all([
      expect(late).rejects.toMatchObject({
        code: 'SERVER_BUSY',
        retryable: true,
        data: { retryAfterMs: 1000 },
      }),
      expect(aborted).rejects.toThrow('gone'),
    ]);
    controller.abort(new Error('gone'));
    await clock.advance(1000);
    await expectations;
    giveBack();
    expect(budget.used).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
