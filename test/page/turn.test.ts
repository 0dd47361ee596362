/** Which of several windows has the stream. */
import { afterEach, describe, expect, it } from 'vitest';
import { createTurn } from '../../page/state/turn.js';
import { manualClock } from '../support/clock.js';

const opened: BroadcastChannel[] = [];
afterEach(() => {
  for (const channel of opened.splice(0)) channel.close();
});

function channelOf(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  opened.push(channel);
  return channel;
}

/** Windows of one browser, each seen. */
function windows(count: number) {
  const clock = manualClock();
  const name = `stream-${Math.random()}`;
  let next = 0;
  const all = Array.from({ length: count }, () => {
    let focus = () => {};
    const turn = createTurn({
      ...{ clock, windows: channelOf(name), randomness: { next: () => (next += 0.001) } },
      sight: {
        onFocus(listener) {
          focus = listener;
        },
      },
    });
    return { ...turn, focus: () => focus() };
  });
  const having = () => all.map(({ isOurs }) => isOurs.value);
  return { all, having };
}

describe('of several windows', () => {
  it('the one that was opened last has the stream, then the one that somebody turns to', async () => {
    const { all, having } = windows(3);
    for (const window of all) window.want(true);
    await expect.poll(having).toEqual([false, false, true]);
    all[0]?.focus();
    expect(having()[0]).toBe(true);
    await expect.poll(having).toEqual([true, false, false]);
  });

  it('another takes it, and no more than one, when that is closed or hidden', async () => {
    const { all, having } = windows(8);
    for (const window of all) window.want(true);
    await expect.poll(() => having().filter(Boolean)).toHaveLength(1);
    for (let left = 8; left > 1; left--) {
      all.find(({ isOurs }) => isOurs.value)?.want(false);
      await expect.poll(() => having().filter(Boolean)).toHaveLength(1);
    }
    all.find(({ isOurs }) => isOurs.value)?.want(false);
    expect(having()).not.toContain(true);
    all[0]?.want(true);
    expect(having()).toEqual([true, ...Array(7).fill(false)]);
  });

  it('one that wants none is not given it, whoever turns to it or leaves', async () => {
    const { all, having } = windows(2);
    all[1]?.want(true);
    all[0]?.focus();
    expect(having()).toEqual([false, true]);
    all[1]?.want(false);
    all[0]?.focus();
    expect(having()).toEqual([false, false]);
  });
});
