import { type Clock, type Json, type Metadata, SERVER_DEFAULTS, UploadError } from '../../contract/index.js';
import type { Logger } from '../log.js';
import type { AnyPolicy, HookUpload, ResolvedPolicy, Verdict } from '../policy.js';
import type { Sessions, UploadSession } from '../sessions/sessions.js';
import type { Store } from '../stores/store.js';
import { backoffMs } from './backoff.js';

/** Calls the user's hooks, each with a time limit, and turns what they answer into what the core understands. */
export interface Hooks {
  /** @throws UploadError REFUSED */
  authorize(upload: HookUpload, stage: 'init' | 'publish'): Promise<void>;
  /** @throws UploadError HOOK_REFUSED; anything else means "try again later" */
  beforePublish(session: UploadSession, signal: AbortSignal): Promise<void>;
  hasCompleted(session: UploadSession): boolean;
  /** One try of a `completed` hook that is due: of this upload, or the one due longest. Null: none was due. */
  completeOne(uploadId?: string): Promise<UploadSession | null>;
}

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
    if (policy === undefined) throw new Error(`the policy "${name}" is not configured any more`);
    return policy.hooks;
  }

  /** The hook is told by its signal when its time is up, and is not waited for any longer. */
  function limited<Result>(
    run: (signal: AbortSignal) => Result | Promise<Result>,
    outer?: AbortSignal,
  ): Promise<Result> {
    const controller = new AbortController();
    return new Promise<Result>((resolve, reject) => {
      const stop = (reason: unknown) => {
        controller.abort(reason);
        reject(reason);
      };
      const onAbort = () => stop(outer?.reason);
      const cancel = clock.after(timeoutMs, () =>
        stop(new Error(`the hook did not answer within ${timeoutMs} ms`)),
      );
      const end = () => {
        cancel();
        outer?.removeEventListener('abort', onAbort);
      };
      if (outer?.aborted) onAbort();
      else outer?.addEventListener('abort', onAbort, { once: true });
      Promise.resolve()
        .then(() => run(controller.signal))
        .then(resolve, reject)
        .finally(end);
    });
  }

  /** An earlier try may have moved the file, and failed afterwards. */
  function placeOf(session: UploadSession): string {
    return (session.status === 'gone' ? session.movedTo : null) ?? store.publishedPath(session);
  }

  async function callCompleted(session: UploadSession): Promise<UploadSession | null> {
    try {
      const { completed } = hooksOf(session.policy);
      const path = session.path ?? '';
      const data = await limited((signal) =>
        completed?.(hookUpload(session), { path, absolutePath: placeOf(session), signal }),
      );
      return await sessions.hookDone(session.id, toJson(data));
    } catch (error) {
      log.warn(
        { uploadId: session.id, attempt: session.hookAttempt, error },
        'the completed hook failed; it is tried again',
      );
      const { hookBackoffMs, maxHookBackoffMs } = SERVER_DEFAULTS;
      const retryAt = clock.now() + backoffMs(session.hookAttempt, hookBackoffMs, maxHookBackoffMs);
      await sessions.hookFailed(session.id, error instanceof Error ? error.message : String(error), retryAt);
      return sessions.get(session.id);
    }
  }

  return {
    async authorize(upload, stage) {
      const hooks = hooksOf(upload.policy);
      const verdict = await limited(() => !hooks.authorize || hooks.authorize(upload, stage));
      refuseUnless(verdict, 'REFUSED', upload.uploadId);
    },
    async beforePublish(session, signal) {
      const hooks = hooksOf(session.policy);
      const path = store.stagedPath(session);
      const verdict = await limited(
        (limit) => !hooks.beforePublish || hooks.beforePublish(hookUpload(session), { path, signal: limit }),
        signal,
      );
      refuseUnless(verdict, 'HOOK_REFUSED', session.id);
    },
    hasCompleted({ policy: name }) {
      const policy = policies.get(name);
      // Of a policy that is not configured nobody knows: the call stays due until it is there again.
      return policy === undefined || policy.hooks.completed !== undefined;
    },
    async completeOne(uploadId) {
      // Nobody else takes it while the hook may run.
      const session = await sessions.takeHook(clock.now(), 2 * timeoutMs, uploadId);
      return session === null ? null : callCompleted(session);
    },
  };
}

function refuseUnless(verdict: Verdict, code: 'REFUSED' | 'HOOK_REFUSED', uploadId: string): void {
  if (typeof verdict === 'string') throw new UploadError(code, { uploadId, message: verdict });
  // A hook that answers neither fails closed.
  if (verdict !== true) throw new UploadError(code, { uploadId });
}

/** What a hook is told. */
export function hookUpload(session: UploadSession): HookUpload<Metadata | null> {
  const { id: uploadId, owner, policy, name, relativePath, type, size, hash, metadata } = session;
  return { uploadId, owner, policy, name, relativePath, type, size, hash, metadata };
}

/** What the hook returned, as JSON can carry it. */
function toJson(data: unknown): Json | null {
  return data === undefined ? null : (JSON.parse(JSON.stringify(data)) as Json);
}
