import {
  type Clock,
  chunkAt,
  concatHashes,
  isUploadError,
  SERVER_DEFAULTS,
  UploadError,
} from '../../contract/index.js';
import type { TaskRunner } from '../../workers/tasks.js';
import type { Logger } from '../log.js';
import type { Lease, Quota, Sessions, UploadSession } from '../sessions/sessions.js';
import type { Store, StoredChunk } from '../stores/store.js';
import type { StagingSync } from '../upkeep/staging-sync.js';
import { readChunks } from './chunk-pages.js';
import { HookError } from './hook-call.js';
import { type Hooks, hookUpload, NOT_RECORDED } from './hooks.js';

export interface AssemblyDeps {
  readonly sessions: Sessions;
  readonly store: Store;
  readonly tasks: TaskRunner;
  readonly hooks: Hooks;
  readonly stagingSync: Pick<StagingSync, 'believes'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly quota: Quota;
  readonly verify: 'restart' | 'always';
  /** This process, as chunk records name their writer. */
  readonly writer: string;
}

/**
 * Turns accepted chunks into the published file. Every step may be the last one before a crash; the next holder of
 * the lease starts again, and does what is left. Resolves when the upload has left `assembling`, or the lease is lost;
 * to the session as it is afterwards, or to null where that is to be read.
 * @throws what a later attempt may overcome
 */
export async function assemble(
  deps: AssemblyDeps,
  session: UploadSession,
  lease: Lease,
  signal: AbortSignal,
): Promise<UploadSession | null> {
  const { sessions, store, hooks, clock } = deps;
  try {
    // An earlier attempt came as far as the rename, but maybe not as far as the disk: publishing again ends it.
    if (session.publishing && (await store.published(session)) !== null)
      return await commit(deps, session, lease, await store.publish(session));

    await sessions.whenUnclaimed(session.id);
    if (session.copyFrom !== null && !(await copied(deps, session, session.copyFrom, signal)))
      return await reopen(deps, session, lease, null);
    if (!(await deps.stagingSync.believes(session.id))) return await reopen(deps, session, lease, null);
    const { chunks, recheck } = await chunksOf(deps, session);
    const damaged = await store.stage(session, chunks, recheck, signal);
    if (damaged.length > 0) return await reopen(deps, session, lease, damaged);

    const hash = await fileHash(deps, session, chunks);
    // A declared hash is on record since `init`.
    if (session.hash !== hash && !(await sessions.setHash(lease, hash))) return null;
    const whole = { ...session, hash };
    await hooks.beforePublish(whole, signal);
    signal.throwIfAborted();
    if (!(await synced(deps, session))) return await reopen(deps, session, lease, null);

    await hooks.authorize(hookUpload(whole), 'publish');
    signal.throwIfAborted();
    const step = await sessions.beginPublish(lease, deps.quota, clock.now());
    if (step === 'lost') return null;
    if (step === 'quota') throw new UploadError('QUOTA_EXCEEDED', { uploadId: session.id });
    return await commit(deps, whole, lease, await store.publish(session));
  } catch (error) {
    if (!isFinalFailure(error)) throw error;
    const { code, retryable, message } = error;
    await sessions.fail(lease, { code, retryable, message }, clock.now());
    return null;
  }
}

async function commit(
  deps: AssemblyDeps,
  session: UploadSession,
  lease: Lease,
  path: string,
): Promise<UploadSession | null> {
  const { sessions, hooks, clock } = deps;
  if (session.hash === null) throw new UploadError('INTERNAL', { uploadId: session.id });
  const hookDue = hooks.hasCompleted(session);
  const completed = await sessions.complete(lease, { path, hash: session.hash, hookDue }, clock.now());
  if (completed === null || !hookDue) return completed;
  // The upload is completed in any case, and the call stays due.
  try {
    const taken = await hooks.takeDue({ id: session.id });
    return taken && (await hooks.complete(taken));
  } catch (error) {
    deps.log.error({ uploadId: session.id, error }, NOT_RECORDED);
    return null;
  }
}

/** The chunks that are missing again are asked for anew; with `null` that is all of them, and their bytes go. */
async function reopen(
  deps: AssemblyDeps,
  session: UploadSession,
  lease: Lease,
  damaged: number[] | null,
): Promise<null> {
  deps.log.warn(
    { uploadId: session.id, damaged: damaged ?? 'all' },
    'stored chunks are damaged and asked for again',
  );
  if (damaged === null) await deps.store.discard(session);
  await deps.store.create(session);
  await deps.sessions.reopen(lease, damaged, deps.clock.now());
  return null;
}

async function copied(
  deps: AssemblyDeps,
  session: UploadSession,
  from: string,
  signal: AbortSignal,
): Promise<boolean> {
  const source = await deps.sessions.get(from);
  return source?.status === 'completed' && (await deps.store.copy(source, session, signal));
}

/** All chunks, and which of them this process must read again before it vouches for them. */
async function chunksOf(
  deps: AssemblyDeps,
  session: UploadSession,
): Promise<{ chunks: StoredChunk[]; recheck: Set<number> }> {
  const chunks: StoredChunk[] = [];
  const recheck = new Set<number>();
  for await (const { index, hash, writer, suspect } of readChunks(deps.sessions, session)) {
    chunks.push({ ...chunkAt(session, session.size, index), hash });
    if (deps.verify === 'always' || writer !== deps.writer || suspect) recheck.add(index);
  }
  if (chunks.length !== session.total) throw new UploadError('INTERNAL', { uploadId: session.id });
  return { chunks, recheck };
}

async function fileHash(deps: AssemblyDeps, session: UploadSession, chunks: StoredChunk[]): Promise<string> {
  const joined = concatHashes(chunks.map((chunk) => chunk.hash));
  const hash = `${await deps.tasks.run('hashOfHashes', { joined })}-${session.total}`;
  if (session.declaredHash !== null && session.declaredHash !== hash)
    throw new UploadError('FILE_HASH_MISMATCH', {
      uploadId: session.id,
      expected: session.declaredHash,
      received: hash,
    });
  return hash;
}

/** A sync that failed once is not tried again: the kernel may have dropped the bytes and would call the next one good. */
async function synced(deps: AssemblyDeps, session: UploadSession): Promise<boolean> {
  try {
    await deps.store.syncStaged(session);
    return await deps.stagingSync.believes(session.id);
  } catch (error) {
    deps.log.error(
      { uploadId: session.id, error },
      'the disk did not take the file; its chunks are asked for again',
    );
    return false;
  }
}

/** The upload can never be published: it fails. Everything else is tried again. */
function isFinalFailure(error: unknown): error is UploadError {
  return (
    isUploadError(error) &&
    ['FILE_HASH_MISMATCH', 'HOOK_REFUSED', 'REFUSED', 'QUOTA_EXCEEDED'].includes(error.code)
  );
}

/**
 * Whether there is no next attempt: what the disk refuses, or a hook throws (a scanner is down), may work tomorrow, a
 * bug of ours will not.
 */
export function attemptsAreOver(session: UploadSession, error: unknown, now: number): boolean {
  if (error instanceof HookError || (isUploadError(error) && error.retryable))
    return now >= session.createdAt + SERVER_DEFAULTS.maxLifetimeMs;
  return session.attempt >= SERVER_DEFAULTS.maxAssemblyAttempts;
}
