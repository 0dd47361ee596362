import { type InitInput, UploadError, type UploadView } from '../contract/for-clients.js';
import { bounded } from './bounded.js';
import { type Engine, requestTimeoutMs } from './engine.js';
import { toUploadError } from './errors.js';
import type { Beginning, Job } from './job.js';
import { renewing } from './request.js';
import { createScope, orAbort, type Scope } from './scope.js';
import { checkView } from './trust.js';

/**
 * Asks for a session. When the scope aborts, the caller is rejected at once, and the request goes on as
 * `job.beginning`: after a pause it is joined, and whoever discards the upload learns from it what to discard.
 */
export function beginSession(engine: Engine, job: Job, input: InitInput, scope: Scope): Promise<UploadView> {
  const key = JSON.stringify(input);
  return renewing(engine, job, scope, async () => {
    scope.signal.throwIfAborted();
    if (job.beginning?.key !== key) {
      job.beginning?.abandon();
      job.beginning = begin(engine, job, input, key);
    }
    const view = await orAbort(job.beginning.answer, scope.signal);
    job.beginning = null;
    return view;
  });
}

function begin(engine: Engine, job: Job, input: InitInput, key: string): Beginning {
  const scope = createScope();
  const answer = bounded(engine.clock, requestTimeoutMs(0), scope, (signal) =>
    engine.client.init.mutate(input, { signal }),
  );
  const own: Beginning = {
    key,
    answer,
    abandon: () => scope.abort(new UploadError('CANCELLED')),
  };
  answer.catch(() => {
    if (job.beginning === own) job.beginning = null;
  });
  return own;
}

/**
 * The session that there is, or that the `init` on its way makes; null where there is none.
 * @throws UploadError where nobody can tell, because the answer of `init` was lost
 */
export async function sessionOf(engine: Engine, job: Job): Promise<string | null> {
  if (job.uploadId !== null || job.beginning === null) return job.uploadId;
  try {
    return checkView(job, await job.beginning.answer).uploadId;
  } catch (cause) {
    const error = toUploadError(cause, { now: engine.clock.now() });
    if (error.retryable) throw error;
    return null;
  }
}
