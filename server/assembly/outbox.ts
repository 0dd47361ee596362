import type { Clock } from '../../contract/index.js';
import type { Events } from '../events.js';
import type { Logger } from '../log.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Hooks } from './hooks.js';

/** Calls `completed` hooks that have not succeeded yet, when they are due, one after the other. */
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
  let stopped = false;
  let cancelTimer = () => {};
  let running: Promise<void> | null = null;

  async function drain(): Promise<void> {
    while (!stopped) {
      const session = await hooks.completeOne();
      if (session === null) break;
      events.publish(session);
    }
    const due = stopped ? null : await sessions.nextDue('hook');
    cancelTimer();
    if (due !== null && !stopped) cancelTimer = clock.after(Math.max(due - clock.now(), 0), kick);
  }

  function kick(): void {
    if (stopped || running !== null) return;
    running = drain()
      .catch((error: unknown) =>
        log.error({ error }, 'due hooks could not be read, or their outcome recorded; the sweep tries again'),
      )
      .finally(() => {
        running = null;
      });
  }

  return {
    kick,
    async stop() {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}
