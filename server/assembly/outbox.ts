import { type Clock, SERVER_DEFAULTS } from '../../contract/index.js';
import type { Events } from '../events.js';
import type { Logger } from '../log.js';
import type { Sessions, UploadSession } from '../sessions/sessions.js';
import { type Hooks, NOT_RECORDED } from './hooks.js';

/**
 * Calls `completed` hooks that have not succeeded yet, when they are due: those of one policy one after the other, and
 * those of different policies side by side, so that a hook that hangs holds up its own policy alone.
 */
export interface Outbox {
  /** Looks for due calls now. */
  kick(): void;
  stop(): Promise<void>;
}

export function createOutbox(deps: {
  sessions: Sessions;
  hooks: Hooks;
  events: Events;
  clock: Clock;
  log: Logger;
}): Outbox {
  const { sessions, hooks, events, clock, log } = deps;
  /** Calls under way, by policy. */
  const running = new Map<string, Promise<void>>();
  let stopped = false;
  let cancelTimer = () => {};
  let cancelPause = () => {};
  let looking = Promise.resolve();

  async function call(taken: UploadSession): Promise<void> {
    try {
      const session = await hooks.complete(taken);
      running.delete(taken.policy);
      if (session !== null) events.publish(session);
      kick();
    } catch (error) {
      log.error({ uploadId: taken.id, error }, NOT_RECORDED);
      running.delete(taken.policy);
      // Not at once: where nothing can be recorded, every due hook would be called for nothing.
      cancelPause();
      if (!stopped) cancelPause = clock.after(SERVER_DEFAULTS.hookBackoffMs, kick);
    }
  }

  async function look(): Promise<void> {
    while (!stopped) {
      const taken = await hooks.takeDue({ passedOver: [...running.keys()] });
      if (taken === null) break;
      running.set(taken.policy, call(taken));
    }
    // Policies with a call under way are looked at again when it ends.
    const due = stopped ? null : await sessions.nextDue('hook', [...running.keys()]);
    cancelTimer();
    if (due !== null && !stopped) cancelTimer = clock.after(Math.max(due - clock.now(), 0), kick);
  }

  function kick(): void {
    if (stopped) return;
    looking = looking
      .then(look)
      .catch((error: unknown) => log.error({ error }, 'due hooks could not be read; the sweep tries again'));
  }

  return {
    kick,
    async stop() {
      stopped = true;
      cancelTimer();
      cancelPause();
      await looking;
      await Promise.all(running.values());
    },
  };
}
