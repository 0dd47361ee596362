import { type Progress, STATUSES, UploadError, type UploadView } from '../contract/for-clients.js';
import type { Job } from './job.js';

export const ANOTHER_FILE = 'a session of another file or plan';

/**
 * An upload's answers decide what happens next, and a completed one is the caller's success. Whatever is at the
 * address, newer versions included, they must be what the contract says, and of this very file.
 * @throws UploadError PROTOCOL, not retryable
 */
export function checkView<View extends UploadView>(job: Job, view: View): View {
  checkProgress(view);
  if (view.size !== job.source.size || (job.fileHash !== null && view.hash !== job.fileHash))
    throw untrusted(ANOTHER_FILE, view.uploadId);
  return view;
}

/** The same for the answer to a chunk. */
export function checkProgress<Answer extends Progress | UploadView>(answer: Answer): Answer {
  if (!answer) throw untrusted('no upload');
  const { status, total, receivedBytes, receivedChunks } = answer;
  const known = (STATUSES as readonly unknown[]).includes(status);
  if (!known || ![total, receivedBytes, receivedChunks].every(Number.isSafeInteger))
    throw untrusted('an upload in an unknown state');
  const isDone = answer.status === 'completed' || answer.status === 'gone';
  if (isDone && typeof answer.path !== 'string') throw untrusted('no path');
  return answer;
}

/** The error for an answer that cannot be what it says. */
export function untrusted(what: string, uploadId?: string): UploadError {
  return new UploadError('PROTOCOL', {
    retryable: false,
    message: `The server answered ${what}.`,
    uploadId,
  });
}
