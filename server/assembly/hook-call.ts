import { isUploadError, MAX_HOOK_TEXT_BYTES } from '../../contract/index.js';
import type { AnyPolicy } from '../policy.js';
import { messageOf, shortened } from '../text.js';
import { createLimited, LateError, type LimitedDeps } from './limited.js';

export type HookName = 'authorize' | 'beforePublish' | 'completed';

/**
 * A hook that gave no answer. All of it is for the operator: a client never gets its message. `sentence` says which
 * hook of which policy, and holds nothing that a client has sent.
 */
export class HookError extends Error {
  override readonly name = 'HookError';
  readonly sentence: string;
  /** What the hook said, short enough to be kept. */
  readonly reason: string;

  constructor(sentence: string, cause?: unknown) {
    const reason = shortened(cause === undefined ? sentence : messageOf(cause), MAX_HOOK_TEXT_BYTES);
    super(cause === undefined ? sentence : `${sentence}: ${reason}`, cause === undefined ? {} : { cause });
    this.sentence = sentence;
    this.reason = reason;
  }
}

/** Errors by which a hook speaks to the client, where it decides about publishing. */
const REFUSALS = ['REFUSED', 'HOOK_REFUSED', 'QUOTA_EXCEEDED'];
const isRefusal = (error: unknown) => isUploadError(error) && REFUSALS.includes(error.code);

/** Which of a hook's errors are meant for the client, and go on as they are. */
const MEANT = { init: isUploadError, publish: isRefusal, never: () => false };

interface HookCall<Result> {
  readonly policy: string;
  readonly hook: HookName;
  readonly run: (hooks: AnyPolicy, signal: AbortSignal) => Result | Promise<Result>;
  readonly meant: keyof typeof MEANT;
  /** Ends the waiting, with its reason. */
  readonly outer?: AbortSignal;
}

/** Calls a hook of a policy's, with a time limit. @throws HookError; what the hook means for the client */
export type CallHook = <Result>(call: HookCall<Result>) => Promise<Result>;

export function createHookCall(deps: LimitedDeps & { hooksOf: (policy: string) => AnyPolicy }): CallHook {
  const { hooksOf } = deps;
  const limited = createLimited(deps);

  return async ({ policy, hook, run, meant, outer }) => {
    const hooks = hooksOf(policy);
    try {
      return await limited((signal) => run(hooks, signal), outer);
    } catch (error) {
      if (outer?.aborted || MEANT[meant](error)) throw error;
      const what = error instanceof LateError ? 'was late' : 'threw';
      throw new HookError(`the hook ${hook} of policy "${policy}" ${what}`, error);
    }
  };
}
