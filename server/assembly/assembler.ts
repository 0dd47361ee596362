import { isFinal, SERVER_DEFAULTS, type Status } from '../../contract/index.js';
import type { Events } from '../events.js';
import type { Lease, UploadSession } from '../sessions/sessions.js';
import type { Cleanup } from '../upkeep/cleanup.js';
import { errorView } from '../views.js';
import { type AssemblyDeps, assemble, attemptsAreOver } from './assembly.js';
import { backoffMs } from './backoff.js';
import { HookError } from './hook-call.js';
import type { Jobs } from './jobs.js';
import type { Outbox } from './outbox.js';

/** Runs assemblies in the background, a few at a time, wherever a lease is to be had. */
export interface Assembler {
  /** Looks for work now: this upload first. */
  kick(uploadId?: string): void;
  /**
   * The session once it is no longer `assembling` and the first try of its `completed` hook is over, or as it is
   * after `waitMs`.
   * Resolves to null for an upload that is gone from the records.
   */
  outcome(uploadId: string, waitMs: number, signal?: AbortSignal): Promise<UploadSession | null>;
  /** Takes no more work; resolves when what runs has stopped. */
  stop(reason: unknown): Promise<void>;
}

const { parallelAssemblies } = SERVER_DEFAULTS;

export function createAssembler(
  deps: AssemblyDeps & { jobs: Jobs; events: Events; cleanup: Cleanup; outbox: Outbox; leaseMs: number },
): Assembler {
  const { sessions, clock, log, jobs, events, cleanup, outbox, leaseMs, writer } = deps;
  let stopped = false;
  let cancelTimer = () => {};
  let looking = Promise.resolve();
  let lookQueued = false;
  /** What the next look is to do: begin these, and then whatever else is due. */
  const wanted = new Set<string>();
  let wantsAny = false;
  /** Those who wait for an outcome; a server that stops tells them how far it came. */
  const waiting = new Set<() => void>();

  async function runOne(uploadId?: string): Promise<boolean> {
    const running = jobs.ids();
    if (stopped || running.length >= parallelAssemblies) return false;
    const taken = await sessions.takeLease(writer, leaseMs, clock.now(), uploadId, running);
    if (taken === null) return false;
    const { session, lease } = taken;
    let after: UploadSession | null = null;
    void jobs
      .run(session.id, async (signal) => {
        after = await underLease(session, lease, signal);
      })
      .then(() => announce(session.id, after))
      .catch((error: unknown) =>
        log.error({ uploadId: session.id, error }, 'an assembly could not be recorded'),
      )
      .finally(() => kick());
    return true;
  }

  /** Renews the lease while the work runs, and stops the work when the lease is lost. */
  async function underLease(
    session: UploadSession,
    lease: Lease,
    stop: AbortSignal,
  ): Promise<UploadSession | null> {
    const work = new AbortController();
    const onStop = () => work.abort(stop.reason);
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop, { once: true });
    let cancelRenewal = () => {};
    const renewLater = () => {
      cancelRenewal = clock.after(leaseMs / 3, () => {
        sessions.renewLease(lease, leaseMs, clock.now()).then(
          (held) => (held ? renewLater() : work.abort(new Error('the lease was lost'))),
          (error) => work.abort(error),
        );
      });
    };
    renewLater();
    try {
      return await assemble(deps, session, lease, work.signal);
    } catch (error) {
      await putOff(session, lease, error, work.signal.aborted);
      return null;
    } finally {
      cancelRenewal();
      stop.removeEventListener('abort', onStop);
    }
  }

  /** @param interrupted the work was told to stop: that is no failure, and no reason to wait */
  async function putOff(
    session: UploadSession,
    lease: Lease,
    error: unknown,
    interrupted: boolean,
  ): Promise<void> {
    const now = clock.now();
    const details = { uploadId: session.id, attempt: session.attempt, error };
    const what = error instanceof HookError ? error.sentence : 'an assembly failed';
    if (!interrupted && attemptsAreOver(session, error, now)) {
      log.error(details, `${what}; it is not tried again, and the upload has failed`);
      await sessions.fail(lease, errorView('INTERNAL'), now);
      return;
    }
    if (!interrupted) log.warn(details, `${what}; it is tried again`);
    const { assemblyBackoffMs, maxAssemblyBackoffMs } = SERVER_DEFAULTS;
    const pauseMs = interrupted ? 0 : backoffMs(session.attempt, assemblyBackoffMs, maxAssemblyBackoffMs);
    await sessions.retryLater(lease, now + pauseMs);
  }

  async function announce(uploadId: string, known: UploadSession | null): Promise<void> {
    const session = known ?? (await sessions.get(uploadId));
    if (session === null) return;
    // Its first try may have failed: the next one is due soon.
    if (session.hookDue) outbox.kick();
    if (isFinal(session.status)) cleanup.ended(session);
    else events.publish(session);
  }

  async function look(): Promise<void> {
    lookQueued = false;
    for (const uploadId of wanted) {
      wanted.delete(uploadId);
      // Due later, by a clock that was set back, say: then a timer is needed.
      if (!(await runOne(uploadId))) wantsAny = true;
    }
    if (!wantsAny) return;
    wantsAny = false;
    while (await runOne());
    // Where no more may run at the same time, the end of one of them looks again.
    if (stopped || jobs.ids().length >= parallelAssemblies) return;
    const due = await sessions.nextDue('assembly');
    cancelTimer();
    if (due !== null && !stopped) cancelTimer = clock.after(Math.max(due - clock.now(), 0), () => kick());
  }

  function kick(uploadId?: string): void {
    if (uploadId === undefined) wantsAny = true;
    else wanted.add(uploadId);
    queueLook();
  }

  /** One look does for all who ask before it begins. */
  function queueLook(): void {
    if (stopped || lookQueued) return;
    lookQueued = true;
    looking = looking.then(look).catch((error: unknown) => {
      log.error({ error }, 'no assembly could be started; the sweep tries again');
      // What it had not come to is still asked for: each is tried once, so a database that fails is not asked for ever.
      if (wanted.size > 0 || wantsAny) queueLook();
    });
  }

  return {
    kick,
    outcome: (uploadId, waitMs, signal) =>
      new Promise((resolve, reject) => {
        const end = () => {
          waiting.delete(finish);
          cancel();
          unsubscribe();
          signal?.removeEventListener('abort', finish);
        };
        const finish = () => {
          end();
          sessions.get(uploadId).then(resolve, reject);
        };
        const cancel = clock.after(waitMs, finish);
        // Within the job the hook may move or remove the file, which is told as well; its end is announced in any case.
        const runs = () => jobs.ids().includes(uploadId);
        const isOver = (status: Status | undefined) => status !== 'assembling' && !runs();
        const unsubscribe = events.subscribeTo(uploadId, (session) => {
          if (!isOver(session.status)) return;
          // What is final is told as it became so; anything else may have gone on since.
          if (!isFinal(session.status)) return finish();
          end();
          resolve(session);
        });
        if (signal?.aborted || stopped) return finish();
        signal?.addEventListener('abort', finish, { once: true });
        waiting.add(finish);
        // It may have ended before the subscription began; unless it has just begun.
        void looking.then(() => {
          if (!waiting.has(finish) || runs()) return;
          sessions.get(uploadId).then((session) => {
            if (isOver(session?.status)) finish();
          }, reject);
        });
      }),
    async stop(reason) {
      stopped = true;
      cancelTimer();
      await looking;
      await jobs.stopAll(reason);
      for (const finish of [...waiting]) finish();
    },
  };
}
