import {
  type Clock,
  MAX_HOOK_DATA_BYTES,
  MAX_HOOK_TEXT_BYTES,
  type Metadata,
  SERVER_DEFAULTS,
  UploadError,
} from '../../contract/index.js';
import { asJson } from '../as-json.js';
import type { Logger } from '../log.js';
import type { AnyPolicy, HookUpload, ResolvedPolicy, Verdict } from '../policy.js';
import type { Sessions, UploadSession, WhichHook } from '../sessions/sessions.js';
import type { Store } from '../stores/store.js';
import { shortened } from '../text.js';
import { backoffMs } from './backoff.js';
import { createHookCall, HookError } from './hook-call.js';
import { createHookChecks } from './hook-checks.js';

/** Calls the user's hooks, each with a time limit, and turns what they answer into what the core understands. */
export interface Hooks {
  /** Asks each hook that can tell, once, whether it can run. @throws UploadError INTERNAL that says which one cannot */
  ready(): Promise<void>;
  /** @throws UploadError REFUSED; at `init` any that the hook throws; HookError: it gave no answer */
  authorize(upload: HookUpload, stage: 'init' | 'publish'): Promise<void>;
  /** @throws UploadError HOOK_REFUSED; HookError: it gave no answer, "try again later" */
  beforePublish(session: UploadSession, signal: AbortSignal): Promise<void>;
  hasCompleted(session: UploadSession): boolean;
  /** Takes a call of a `completed` hook that is due, for `complete`: nobody else has it meanwhile. Null: none is due. */
  takeDue(which: WhichHook): Promise<UploadSession | null>;
  /** One try of the hook. */
  complete(taken: UploadSession): Promise<UploadSession | null>;
}

/** For the log. */
export const NOT_RECORDED = 'the outcome of a completed hook could not be recorded; it is called again';

export function createHooks(deps: {
  policies: ReadonlyMap<string, ResolvedPolicy>;
  sessions: Sessions;
  store: Store;
  clock: Clock;
  log: Logger;
  timeoutMs: number;
}): Hooks {
  const { policies, sessions, store, clock, log, timeoutMs } = deps;

  /**
   * Fails closed: an upload whose policy was taken out of the configuration waits until it is there again, since
   * nobody can tell what its hooks would have said.
   */
  function hooksOf(name: string): AnyPolicy {
    const policy = policies.get(name);
    if (policy === undefined) throw new HookError(`the policy "${name}" is not configured any more`);
    return policy.hooks;
  }

  const call = createHookCall({ hooksOf, clock, timeoutMs });

  /** An earlier try may have moved the file, and failed afterwards. */
  function placeOf(session: UploadSession): string {
    return (session.status === 'gone' ? session.movedTo : null) ?? store.publishedPath(session);
  }

  async function callCompleted(session: UploadSession): Promise<UploadSession | null> {
    const { id: uploadId, policy, hookAttempt: attempt } = session;
    let answer: unknown;
    try {
      answer = await call({
        ...{ policy, hook: 'completed', meant: 'never' },
        run: (hooks, signal) =>
          hooks.completed?.(hookUpload(session), {
            path: session.path ?? '',
            absolutePath: placeOf(session),
            signal,
          }),
      });
    } catch (error) {
      if (!(error instanceof HookError)) throw error;
      log.warn({ uploadId, attempt, error }, `${error.sentence}; it is called again`);
      const { hookBackoffMs, maxHookBackoffMs } = SERVER_DEFAULTS;
      const retryAt = clock.now() + backoffMs(attempt, hookBackoffMs, maxHookBackoffMs);
      await sessions.hookFailed(uploadId, error.reason, retryAt);
      return sessions.get(uploadId);
    }
    const kept = asJson(answer, MAX_HOOK_DATA_BYTES);
    if ('json' in kept) return await sessions.hookDone(uploadId, kept.json, null);
    // It has done its work, and would return the same once more: calling it again would only do that work again.
    const reason = shortened(`Its answer cannot be kept: it has ${kept.flaw}.`, MAX_HOOK_TEXT_BYTES);
    log.error(
      { uploadId, attempt, reason },
      `the hook completed of policy "${policy}" gave an answer that cannot be kept; the upload has no data, and the hook is not called again`,
    );
    return await sessions.hookDone(uploadId, null, reason);
  }

  return {
    ready: createHookChecks(deps),
    async authorize(upload, stage) {
      const verdict = await call({
        ...{ policy: upload.policy, hook: 'authorize', meant: stage },
        run: (hooks) => !hooks.authorize || hooks.authorize(upload, stage),
      });
      refuseUnless(verdict, 'REFUSED', upload.uploadId);
    },
    async beforePublish(session, signal) {
      const path = store.stagedPath(session);
      const verdict = await call({
        ...{ policy: session.policy, hook: 'beforePublish', meant: 'publish', outer: signal },
        run: (hooks, limit) =>
          !hooks.beforePublish || hooks.beforePublish(hookUpload(session), { path, signal: limit }),
      });
      refuseUnless(verdict, 'HOOK_REFUSED', session.id);
    },
    hasCompleted({ policy: name }) {
      const policy = policies.get(name);
      // Of a policy that is not configured nobody knows: the call stays due until it is there again.
      return policy === undefined || policy.hooks.completed !== undefined;
    },
    takeDue: (which) => sessions.takeHook(clock.now(), 2 * timeoutMs, which),
    complete: callCompleted,
  };
}

function refuseUnless(verdict: Verdict, code: 'REFUSED' | 'HOOK_REFUSED', uploadId: string): void {
  if (typeof verdict === 'string')
    throw new UploadError(code, { uploadId, message: shortened(verdict, MAX_HOOK_TEXT_BYTES) });
  // A hook that answers neither fails closed.
  if (verdict !== true) throw new UploadError(code, { uploadId });
}

/** What a hook is told. */
export function hookUpload(session: UploadSession): HookUpload<Metadata | null> {
  const { id: uploadId, owner, policy, name, relativePath, type, size, hash, metadata } = session;
  return { uploadId, owner, policy, name, relativePath, type, size, hash, metadata };
}
