import { describe, expect, it } from 'vitest';
import { watchSleep } from '../../client/asleep.js';
import type { Sender } from '../../client/index.js';
import { nodeSender } from '../../client/node/index.js';
import { CLIENT_DEFAULTS, type Clock, UploadError } from '../../contract/index.js';
import { fullJitter, type ManualClock, manualClock } from './support/clock.js';
import { bytesOf, setup } from './support/setup.js';

const HOURS = 60 * 60_000;
const { asleepMs, sleepLookMs } = CLIENT_DEFAULTS;

/** A clock that goes on while the machine sleeps, as on Windows; its timers do not. */
function sleepingClock(): ManualClock & { sleep(ms: number): void } {
  const clock = manualClock();
  let slept = 0;
  const machine: Clock = {
    now: () => clock.now() + slept,
    monotonic: () => clock.monotonic() + slept,
    after: clock.after,
  };
  return {
    ...clock,
    ...machine,
    sleep(ms) {
      slept += ms;
    },
  };
}

describe('looking for sleep', () => {
  it('finds a timer that comes too late, once', () => {
    const clock = sleepingClock();
    let woken = 0;
    const watch = watchSleep(clock, () => woken++);
    clock.advance(10 * asleepMs);
    expect(woken).toBe(0);
    clock.sleep(3 * HOURS);
    clock.advance(sleepLookMs);
    expect(woken).toBe(1);
    clock.advance(10 * asleepMs);
    expect(woken).toBe(1);
    watch.stop();
    clock.sleep(3 * HOURS);
    clock.advance(sleepLookMs);
    expect(woken).toBe(1);
  });

  it('can be asked before the timer comes', () => {
    const clock = sleepingClock();
    let woken = 0;
    const watch = watchSleep(clock, () => woken++);
    clock.sleep(3 * HOURS);
    watch.look();
    watch.look();
    expect(woken).toBe(1);
  });

  it('takes the timers of a tab in the background for what they are: once a minute', () => {
    const clock = manualClock();
    let woken = 0;
    const throttled: Clock = {
      ...clock,
      after: (ms, run) => clock.after(Math.max(ms, 60_000) + 59_999, run),
    };
    watchSleep(throttled, () => woken++);
    clock.advance(2 * HOURS);
    expect(woken).toBe(0);
  });
});

/** Uploads one chunk; the machine sleeps as told, and the network is not there for the first tries after it. */
async function uploadAsleep(when: 'in a request' | 'in a pause' | 'never', failures: number) {
  const clock = sleepingClock();
  await using sender = nodeSender();
  let attempts = 0;
  const send: Sender = async (request) => {
    if (!request.url.includes('uploads.chunk')) return sender.send(request);
    attempts++;
    if (attempts === 1 && when === 'in a request') clock.sleep(3 * HOURS);
    if (attempts <= failures) throw new UploadError('NETWORK');
    return sender.send(request);
  };
  await using test = await setup(
    {},
    { clock, random: fullJitter, minBackoffMs: 1234, maxBackoffMs: 1234, patienceMs: 50 * 1234 },
    { send },
  );
  const settled = test.uploader.upload(bytesOf(10)).catch((error: UploadError) => error);
  for (let i = 0; i < failures; i++) {
    await Promise.race([clock.timer((ms) => ms === 1234), settled]);
    if (i === 0 && when === 'in a pause') clock.sleep(3 * HOURS);
    clock.advance(1234);
  }
  return { outcome: await settled, attempts };
}

describe('a machine that slept for hours', () => {
  it.each(['in a request', 'in a pause'] as const)('%s goes on with its upload', async (when) => {
    const { outcome, attempts } = await uploadAsleep(when, 3);
    expect(outcome).toMatchObject({ status: 'completed', retries: 3 });
    expect(attempts).toBe(4);
  });

  it('does not wait for ever afterwards: patience begins anew', async () => {
    const { outcome, attempts } = await uploadAsleep('in a request', 200);
    expect(outcome).toMatchObject({ code: 'NETWORK' });
    const awake = await uploadAsleep('never', 200);
    expect(awake.outcome).toMatchObject({ code: 'NETWORK' });
    expect(attempts).toBe(awake.attempts);
  });
});
