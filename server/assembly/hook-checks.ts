import { UploadError } from '../../contract/index.js';
import type { ResolvedPolicy } from '../policy.js';
import { messageOf } from '../text.js';
import { createLimited, type LimitedDeps } from './limited.js';

const HOOKS = ['authorize', 'beforePublish', 'completed'] as const;

/**
 * Asks the hooks of all policies that can tell (`ready`) whether they can run, those of policies that were configured
 * meanwhile included. One that can is not asked again; one that cannot is, by the next call.
 * @throws UploadError INTERNAL in one sentence that names policy and hook, and what the hook says
 */
export function createHookChecks(
  deps: LimitedDeps & { policies: ReadonlyMap<string, ResolvedPolicy> },
): () => Promise<void> {
  const limited = createLimited(deps);
  const asked = new WeakMap<object, Promise<void>>();

  /** By the function: policies may share one. */
  function ask(check: () => void | Promise<void>): Promise<void> {
    const running = asked.get(check);
    if (running) return running;
    const answer = limited(check);
    asked.set(check, answer);
    answer.catch(() => asked.delete(check));
    return answer;
  }

  return async () => {
    for (const { name, hooks } of deps.policies.values())
      for (const kind of HOOKS) {
        const check = hooks[kind]?.ready;
        if (check === undefined) continue;
        await ask(check).catch((cause: unknown) => {
          throw new UploadError('INTERNAL', {
            message: `The hook ${kind} of policy "${name}" cannot run: ${messageOf(cause)}`,
            cause,
          });
        });
      }
  };
}
