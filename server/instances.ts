import type { Core } from './core.js';
import type { ResolvedPolicy } from './policy.js';

/** The running servers of this process, by root. */
export interface Instances {
  /** The root's server, if there is one. */
  find(root: string): Core | undefined;
  /** The root's server, made if there is none. `named` are the policies that the options spell out. `leave` closes it when the last one leaves; idempotent. */
  join(
    root: string,
    policies: ReadonlyMap<string, ResolvedPolicy>,
    named: ReadonlySet<string>,
    create: () => Core,
  ): { core: Core; leave(): Promise<void> };
}

const KEY = Symbol.for('chunkwise.instances');

/**
 * Kept on the process, not in this module: a hot reload, or a framework that bundles routes apart, loads the module
 * twice, and two servers on one root would shut each other out.
 */
export function instances(): Instances {
  const holder = globalThis as { [KEY]?: Instances };
  holder[KEY] ??= createInstances();
  return holder[KEY];
}

function createInstances(): Instances {
  const running = new Map<string, { core: Core; users: number }>();
  return {
    find: (root) => running.get(root)?.core,
    join(root, policies, named, create) {
      const entry = running.get(root) ?? { core: create(), users: 0 };
      running.set(root, entry);
      entry.users++;
      // The newest word counts for the policies that it names. One that it does not name stays: forgetting its hooks
      // would let its uploads pass unasked.
      for (const name of named) {
        const policy = policies.get(name);
        if (policy) entry.core.policies.set(name, policy);
        else entry.core.policies.delete(name);
      }
      let left = false;
      return {
        core: entry.core,
        async leave() {
          if (left) return entry.users === 0 ? entry.core.close() : undefined;
          left = true;
          entry.users--;
          if (entry.users > 0) return;
          running.delete(root);
          await entry.core.close();
        },
      };
    },
  };
}
