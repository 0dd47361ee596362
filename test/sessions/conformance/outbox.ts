import { expect, test } from 'vitest';
import { complete, existing, type Fixture, inStatus, T0 } from '../support.js';

export function outbox(fixture: () => Fixture) {
  const sessions = () => fixture().sessions;
  const due = async () => {
    const { id } = await inStatus(sessions(), 'assembling');
    return (await complete(sessions(), id, { hookDue: true })).id;
  };

  test('one of parallel takers gets the call, and after its time another', async () => {
    const id = await due();
    const taken = await Promise.all([1, 2, 3].map(() => sessions().takeHook(T0, 100, { id })));
    expect(taken.map((one) => one?.hookAttempt)).toEqual([1, undefined, undefined]);
    expect(await sessions().nextDue('hook')).toBe(T0 + 100);
    expect(await sessions().takeHook(T0 + 99, 100)).toBeNull();
    expect(await sessions().takeHook(T0 + 100, 100)).toMatchObject({ id, hookAttempt: 2 });
  });

  test('the first result stays', async () => {
    const id = await due();
    await sessions().takeHook(T0, 100);
    expect(await sessions().hookDone(id, { url: 'first' })).toMatchObject({
      hookDue: false,
      data: { url: 'first' },
    });
    expect(await sessions().hookDone(id, { url: 'second' })).toMatchObject({ data: { url: 'first' } });
    expect(await sessions().takeHook(T0 + 1000, 100)).toBeNull();
    expect(await sessions().nextDue('hook')).toBeNull();
    expect(await (await fixture().restart()).get(id)).toMatchObject({ data: { url: 'first' } });
    expect(await sessions().hookDone('01J00000000000000000000000', null)).toBeNull();
  });

  test('a hook without a result leaves none', async () => {
    const id = await due();
    expect(await sessions().hookDone(id, null)).toMatchObject({ hookDue: false, data: null });
    expect(await sessions().hookDone(id, 1)).toMatchObject({ data: null });
  });

  test('a hook that is over may leave why its result was not kept', async () => {
    const id = await due();
    await sessions().takeHook(T0, 100);
    await sessions().hookFailed(id, 'not yet', T0);
    await sessions().takeHook(T0, 100);
    expect(await sessions().hookDone(id, null, 'no JSON')).toMatchObject({
      ...{ hookDue: false, data: null, hookError: 'no JSON', hookAttempt: 2 },
    });
    expect(await sessions().nextDue('hook')).toBeNull();
    expect(await sessions().hookDone(id, 5)).toMatchObject({ data: null, hookError: 'no JSON' });
  });

  test('a failed call is tried again when its pause is over', async () => {
    const id = await due();
    await sessions().takeHook(T0, 100);
    await sessions().hookFailed(id, 'no network \ud800', T0 + 500);
    expect(await existing(sessions(), id)).toMatchObject({ hookDue: true, hookError: 'no network \ud800' });
    expect(await sessions().nextDue('hook')).toBe(T0 + 500);
    expect(await sessions().takeHook(T0 + 499, 100)).toBeNull();
    const again = await fixture().restart();
    await again.releaseDeadHolders();
    expect(await again.takeHook(T0 + 499, 100)).toBeNull();
    expect(await again.takeHook(T0 + 500, 100)).toMatchObject({ id, hookAttempt: 2 });
    await again.hookDone(id, 5);
    await again.hookFailed(id, 'late', T0);
    expect(await existing(again, id)).toMatchObject({ hookDue: false, data: 5, hookError: null });
  });

  test('a call stays due where the file is moved or deleted, and its result is kept', async () => {
    const [moved, deleted] = [await due(), await due()];
    await sessions().intendMove(moved, null, '/to');
    await sessions().markMoved(moved, '/to', T0);
    await sessions().markGone(deleted, T0);
    for (const id of [moved, deleted]) {
      expect(await sessions().takeHook(T0, 100, { id })).toMatchObject({ id, status: 'gone' });
      await sessions().hookFailed(id, 'not yet', T0);
      expect(await sessions().takeHook(T0, 100, { id })).toMatchObject({ id, hookAttempt: 2 });
      expect(await sessions().hookDone(id, 7)).toMatchObject({ status: 'gone', data: 7, hookDue: false });
    }
  });

  test('the try of a dead process ends with a start', async () => {
    const id = await due();
    await sessions().takeHook(T0, 1_000_000);
    const again = await fixture().restart();
    await again.releaseDeadHolders();
    expect(await again.takeHook(T0, 100)).toMatchObject({ id, hookAttempt: 2 });
  });

  test('policies can be passed over', async () => {
    const odd = 'odd "name\ud800';
    const id = await due();
    const { id: other } = await inStatus(sessions(), 'assembling', { policy: odd });
    await complete(sessions(), other, { hookDue: true });
    const { policy } = await existing(sessions(), id);
    expect(await sessions().nextDue('hook', [policy, odd])).toBeNull();
    expect(await sessions().nextDue('hook', [policy])).toBe(T0);
    expect(await sessions().takeHook(T0, 100, { passedOver: [policy, odd] })).toBeNull();
    expect(await sessions().takeHook(T0, 100, { passedOver: [policy] })).toMatchObject({ id: other });
    expect(await sessions().takeHook(T0, 100, { passedOver: ['another', odd] })).toMatchObject({ id });
  });

  test('calls are taken in the order in which they are due; uploads without a hook never', async () => {
    await inStatus(sessions(), 'completed');
    const [first, second] = [await due(), await due()];
    await sessions().takeHook(T0, 50, { id: first });
    expect((await sessions().takeHook(T0, 10, { id: second }))?.id).toBe(second);
    expect((await sessions().takeHook(T0 + 60, 10))?.id).toBe(second);
    expect((await sessions().takeHook(T0 + 60, 10))?.id).toBe(first);
    expect(await sessions().takeHook(T0 + 60, 10)).toBeNull();
  });
}
