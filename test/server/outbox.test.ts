import { expect, it } from 'vitest';
import { SERVER_DEFAULTS, UploadError } from '../../contract/index.js';
import type { Hooks } from '../../server/assembly/hooks.js';
import { createOutbox } from '../../server/assembly/outbox.js';
import { createEvents } from '../../server/events.js';
import type { Sessions, UploadSession } from '../../server/sessions/sessions.js';
import { manualClock } from '../support/clock.js';

it('hooks whose outcome cannot be recorded are called one at a time, with pauses', async () => {
  const clock = manualClock();
  const errors: string[] = [];
  const log = { info() {}, warn() {}, error: (_: object, message: string) => void errors.push(message) };
  let called = 0;
  const hooks = {
    takeDue: async ({ passedOver }: { passedOver: readonly string[] }) =>
      passedOver.length === 0 ? ({ id: `upload-${called}`, policy: 'photos' } as UploadSession) : null,
    async complete() {
      called++;
      throw new UploadError('STORAGE_FULL');
    },
  } as unknown as Hooks;
  const sessions = { nextDue: async () => null } as unknown as Sessions;
  const outbox = createOutbox({ sessions, hooks, events: createEvents(), clock, log });
  outbox.kick();
  for (const calls of [1, 2, 3]) {
    await expect.poll(() => called).toBe(calls);
    await expect.poll(() => clock.pending).toBe(1);
    expect(errors).toHaveLength(calls);
    await clock.advance(SERVER_DEFAULTS.hookBackoffMs);
  }
  await outbox.stop();
});
