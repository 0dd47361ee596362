import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGate } from '../../client/gate.js';
import type { Connectivity } from '../../client/online.js';
import { createScheduler, type Scheduler, type Slot } from '../../client/schedule.js';
import { createScope } from '../../client/scope.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function switchable(online = true): Connectivity & { set(online: boolean): void } {
  const listeners = new Set<() => void>();
  return {
    isOnline: () => online,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(now) {
      online = now;
      for (const listener of listeners) listener();
    },
  };
}

/** How many of its slots are free: takes all there are, at most `most`, and gives them back. */
async function freeSlots(scheduler: Scheduler, most: number): Promise<number> {
  const scope = createScope();
  const taken: Slot[] = [];
  const asking = Array.from({ length: most }, () =>
    scheduler.acquire(0, scope).then(
      (slot) => taken.push(slot),
      () => {},
    ),
  );
  await turn();
  scope.abort('counted');
  await Promise.all(asking);
  for (const slot of taken) slot.release('failed');
  return taken.length;
}

describe('the scheduler', () => {
  it('never gives out more slots than it has, and every waiter gets one in the end', async () => {
    const outcome = fc.constantFrom('accepted' as const, 'slow' as const, 'failed' as const);
    const requests = fc.array(fc.tuple(fc.nat(5), outcome), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), requests, async (concurrency, orders) => {
        const scheduler = createScheduler(concurrency, switchable());
        const scope = createScope();
        let held = 0;
        await Promise.all(
          orders.map(async ([order, outcome]) => {
            const slot = await scheduler.acquire(order, scope);
            expect(++held).toBeLessThanOrEqual(concurrency);
            await turn();
            held--;
            slot.release(outcome);
          }),
        );
        const free = await freeSlots(scheduler, concurrency + 1);
        expect(free).toBeGreaterThanOrEqual(1);
        expect(free).toBeLessThanOrEqual(concurrency);
      }),
      { numRuns: 30 },
    );
  });

  it('serves the upload that was added first', async () => {
    const scheduler = createScheduler(1, switchable());
    const scope = createScope();
    const served: number[] = [];
    const first = await scheduler.acquire(9, scope);
    const all = [3, 1, 2, 1].map(async (order) => {
      const slot = await scheduler.acquire(order, scope);
      served.push(order);
      slot.release('accepted');
    });
    first.release('accepted');
    await Promise.all(all);
    expect(served).toEqual([1, 1, 2, 3]);
  });

  it('halves its slots once per round when the server is slow, and grows back slowly', async () => {
    const scheduler = createScheduler(8, switchable());
    const scope = createScope();
    const take = (count: number) =>
      Promise.all(Array.from({ length: count }, () => scheduler.acquire(1, scope)));
    for (const slot of await take(8)) slot.release('slow');
    expect(await freeSlots(scheduler, 9)).toBe(4);
    for (const slot of await take(4)) slot.release('slow');
    expect(await freeSlots(scheduler, 9)).toBe(2);
    for (const slot of await take(2)) slot.release('accepted');
    expect(await freeSlots(scheduler, 9)).toBe(3);
    for (let i = 0; i < 40; i++) for (const slot of await take(1)) slot.release('accepted');
    expect(await freeSlots(scheduler, 9)).toBe(8);
  });

  it('gives nothing out while offline', async () => {
    const connectivity = switchable(false);
    const scheduler = createScheduler(2, connectivity);
    let slot: Slot | null = null;
    const waiting = scheduler.acquire(1, createScope()).then((got) => {
      slot = got;
    });
    await turn();
    expect(slot).toBeNull();
    connectivity.set(true);
    await waiting;
    expect(slot).not.toBeNull();
  });

  it('forgets waiters that give up', async () => {
    const scheduler = createScheduler(1, switchable());
    const scope = createScope();
    const slot = await scheduler.acquire(1, createScope());
    const waiting = scheduler.acquire(1, scope);
    scope.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    slot.release('failed');
    expect(await freeSlots(scheduler, 2)).toBe(1);
    await expect(scheduler.acquire(1, scope)).rejects.toBe('enough');
  });
});

describe('a gate', () => {
  it('lets in as many as it may, and loses no place to one who gives up', async () => {
    const gate = createGate(2);
    const impatient = createScope();
    const [first, second] = [await gate.enter(createScope()), await gate.enter(createScope())];
    const given = gate.enter(impatient);
    const third = gate.enter(createScope());
    impatient.abort('enough');
    await expect(given).rejects.toBe('enough');
    first();
    first();
    (await third)();
    second();
    const leave = await Promise.all([gate.enter(createScope()), gate.enter(createScope())]);
    expect(leave).toHaveLength(2);
  });
});

describe('a scope', () => {
  it('aborts what is below it, and nothing above', () => {
    const root = createScope();
    const [left, right] = [root.child(), root.child()];
    const leaf = left.child();
    left.abort('left');
    expect([leaf.signal.reason, right.signal.aborted, root.signal.aborted]).toEqual(['left', false, false]);
    right.close();
    root.abort('all');
    expect([left.signal.reason, right.signal.aborted]).toEqual(['left', false]);
    expect(root.child().signal.reason).toBe('all');
  });
});
