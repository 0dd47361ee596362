import { UploadError } from '../contract/index.js';
import type { Core } from '../server/core.js';
import type { FaultCall, OrderedFaults } from './faults.js';
import type { TestServer } from './server.js';
import { standIn } from './stand-in.js';
import type { Wire } from './wire.js';

/** The server of a test, which can be stopped or killed, and another put in its place. */
export interface Switch {
  /** Stays the same over replacements. */
  readonly core: Core;
  /** Stops in good order. */
  stop(): Promise<void>;
  replace(how: 'restart' | 'crash'): Promise<void>;
  kill(): void;
}

/**
 * @param until runs time on, while nothing else goes on, until the promise settles: a stop may wait for the clock
 */
export function createSwitch(
  create: () => TestServer,
  { wire, faults, until }: { wire: Wire; faults: OrderedFaults; until(work: Promise<void>): Promise<void> },
): Switch {
  let server = create();
  let replacing = Promise.resolve();
  let over = false;

  function kill(): void {
    wire.cut();
    server.kill();
  }

  /** Calls of a killed server never settle; after the test's end there is none to come. */
  function alive(): TestServer {
    if (over)
      throw new UploadError('INTERNAL', {
        message: 'This test is over: its folder is gone. Make another one.',
      });
    return server;
  }

  async function replaceNow(how: 'restart' | 'crash'): Promise<void> {
    alive();
    if (how === 'crash') kill();
    else await until(server.core.close());
    if (over) return;
    server = create();
    await server.core.ready();
  }

  const refuse = (call: FaultCall, index?: number) => {
    const error = faults.inServer({ call, index, bytes: null });
    if (error !== null) throw error;
  };
  const current = standIn(() => alive().core);
  return {
    core: {
      ...current,
      receive: async (owner, fields, body, signal) => {
        refuse('chunk', fields.index);
        return current.receive(owner, fields, body, signal);
      },
      start: async (owner, input, signal) => {
        refuse('init');
        return current.start(owner, input, signal);
      },
      assembler: {
        kick: (uploadId) => current.assembler.kick(uploadId),
        stop: (reason) => current.assembler.stop(reason),
        outcome(...args) {
          // The request waits for assembly, which may wait for the clock: that must not hold it up.
          const outcome = current.assembler.outcome(...args);
          return wire.visit()?.away(outcome) ?? outcome;
        },
      },
    },
    stop: async () => {
      if (!over) await until(server.core.close());
    },
    replace(how) {
      const replaced = replacing.then(() => replaceNow(how));
      replacing = replaced.catch(() => {});
      return replaced;
    },
    kill() {
      over = true;
      kill();
    },
  };
}
