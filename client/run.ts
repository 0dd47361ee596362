import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import {
  isUploadError,
  type Progress,
  sleep,
  UploadError,
  type UploadView,
} from '../contract/for-clients.js';
import type { Engine } from './engine.js';
import { assertUnchanged, type Job } from './job.js';
import { persistCall } from './persist.js';
import { prepare, reportSession } from './prepare.js';
import type { Scope } from './scope.js';
import { transfer } from './transfer.js';
import { checkView } from './trust.js';

/** `gone`: completed too; the app has taken the file away since, as hooks that move it do. */
export type CompletedView = Extract<UploadView, { status: 'completed' | 'gone' }>;

/**
 * Brings one upload to its end, or as far as the scope lets it: called again with the same job, it goes on.
 * @param onAssembling called when nothing is left to send: another upload may take this one's place
 * @throws UploadError, or the scope's reason when it aborts
 */
export async function runUpload(
  engine: Engine,
  job: Job,
  scope: Scope,
  onAssembling: () => void,
): Promise<CompletedView> {
  let view = await (job.uploadId === null ? prepare(engine, job, scope) : look(engine, job, scope));
  /** The last received chunk is sent again once per begun or continued session, not after each look. */
  let again = view.receivedChunks > 0;
  /** Rounds in a row that brought the server no further. */
  let idleRounds = 0;
  /** Times that stored chunks turned out damaged. */
  let reopened = 0;
  reportSession(job, view);
  for (;;) {
    const before = view;
    switch (view.status) {
      case 'completed':
      case 'gone':
        return view;
      case 'failed':
        throw await failureOf(job, view);
      case 'aborted':
        // Somebody's decision, in another window or on another machine: not undone by beginning again.
        throw lost(view, 'The upload was aborted. Add the file again.');
      case 'expired':
        view = await restart(engine, job, scope, lost(view));
        break;
      case 'assembling':
        onAssembling();
        job.report({ type: 'phase', phase: 'assembling' });
        view = await follow(engine, job, view, scope);
        break;
      case 'receiving':
        job.report({ type: 'phase', phase: 'uploading' });
        if (idleRounds > 0) await sleep(engine.clock, pollMs(idleRounds), scope.signal);
        view = await receive(engine, job, view, again, scope);
        break;
    }
    const another = view.uploadId !== before.uploadId;
    again = another && view.receivedChunks > 0;
    if (another || view.receivedChunks < before.receivedChunks) reportSession(job, view);
    if (!another && view.status === 'receiving') {
      if (before.status === 'assembling') reopened++;
      else idleRounds = view.receivedChunks > before.receivedChunks ? 0 : idleRounds + 1;
    }
    if (Math.max(idleRounds, reopened) > engine.rules.retries)
      throw new UploadError('STORE_UNAVAILABLE', {
        uploadId: view.uploadId,
        message: 'The server keeps losing chunks of this upload. The upload can go on later.',
      });
  }
}

/** One round of sending, and what the server says afterwards. */
async function receive(
  engine: Engine,
  job: Job,
  view: UploadView,
  again: boolean,
  scope: Scope,
): Promise<UploadView> {
  let end: Progress | null = null;
  try {
    end = await transfer(engine, job, view, again, scope);
  } catch (error) {
    if (!isUploadError(error)) throw error;
    if (error.code === 'UPLOAD_NOT_FOUND') return restart(engine, job, scope, error);
    // Closed by another client's last chunk, an abort, the expiry: the session itself tells which.
    if (error.code !== 'UPLOAD_CLOSED') throw error;
  }
  if (end?.status === 'completed' || end?.status === 'gone') return checkView(job, { ...view, ...end });
  if (end?.status === 'assembling') return { ...view, ...end, status: 'assembling' };
  return look(engine, job, scope);
}

/** The session as it is now; a new one where it is not there any more. */
async function look(engine: Engine, job: Job, scope: Scope): Promise<UploadView> {
  const { uploadId } = job;
  if (uploadId === null) return prepare(engine, job, scope);
  try {
    const view = await persistCall(engine, job, scope, (signal) =>
      engine.client.resume.query({ uploadId }, { signal }),
    );
    return checkView(job, view);
  } catch (error) {
    if (isUploadError(error) && error.code === 'UPLOAD_NOT_FOUND') return restart(engine, job, scope, error);
    throw error;
  }
}

/** Waits for an assembly by looking again, with growing pauses. */
async function follow(engine: Engine, job: Job, view: UploadView, scope: Scope): Promise<UploadView> {
  let seen = view;
  for (let looks = 0; seen.status === 'assembling' && seen.uploadId === view.uploadId; looks++) {
    await sleep(engine.clock, pollMs(looks), scope.signal);
    seen = await look(engine, job, scope);
  }
  return seen;
}

function pollMs(looks: number): number {
  return Math.min(CLIENT_DEFAULTS.maxPollMs, CLIENT_DEFAULTS.pollMs * 2 ** looks);
}

/** Begins again after the session was lost. Bounded, so that something that ends each session cannot go on for ever. */
async function restart(engine: Engine, job: Job, scope: Scope, reason: UploadError): Promise<UploadView> {
  if (job.restarts >= CLIENT_DEFAULTS.restarts) throw reason;
  job.restarts++;
  job.uploadId = null;
  // Hashed while sending: the new session may be cut otherwise.
  if (engine.hashing === 'during') job.hashes = null;
  return prepare(engine, job, scope);
}

function lost({ uploadId, status }: UploadView, message?: string): UploadError {
  return new UploadError('UPLOAD_CLOSED', { uploadId, status, message });
}

async function failureOf(job: Job, view: Extract<UploadView, { status: 'failed' }>): Promise<UploadError> {
  const { code, retryable, message } = view.error;
  // The server found other bytes than were declared. If the file is not what it was, that is the reason.
  if (code === 'FILE_HASH_MISMATCH') await assertUnchanged(job);
  return new UploadError(code, { retryable, message, uploadId: view.uploadId });
}
