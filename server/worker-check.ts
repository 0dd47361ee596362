import { type Clock, isUploadError, UploadError, WORKER_DEFAULTS } from '../contract/index.js';
import { VERSION } from '../contract/version.js';
import type { TaskAnswer } from '../workers/tasks.js';
import { KEEP_OUT } from './bundled.js';
import type { Threads } from './threads.js';

export interface WorkerCheck {
  readonly worker: URL;
  readonly clock: Clock;
  /** How long a thread may take to start and to answer. */
  readonly limitMs?: number;
}

const LATE = 'late';
/** A version; or null: whatever answered is no worker of ours; or why nothing did. */
type Outcome = string | null | typeof LATE | { readonly error: unknown };

/**
 * Proves that threads start from this file, answer, and run this version: a worker that was bundled apart may be older
 * than its server. Afterwards either the threads run, or none is left.
 * @throws UploadError INTERNAL in one sentence that names the file and what to do
 */
export async function checkWorker(
  threads: Threads,
  { worker, clock, limitMs = WORKER_DEFAULTS.startMs }: WorkerCheck,
): Promise<void> {
  let cancel = () => {};
  const late = new Promise<typeof LATE>((resolve) => {
    cancel = clock.after(limitMs, () => resolve(LATE));
  });
  const answered = threads.run('ping', null).then(versionIn, (error: unknown) => ({ error }));
  const outcome: Outcome = await Promise.race([answered, late]);
  cancel();
  if (outcome === VERSION) return;
  await threads.abandon();
  if (typeof outcome === 'object' && isUploadError(outcome?.error)) throw outcome.error;
  throw new UploadError('INTERNAL', {
    message: `The worker ${worker.href} ${problem(outcome, limitMs)}, or ${KEEP_OUT}.`,
    ...(typeof outcome === 'object' && { cause: outcome?.error }),
  });
}

function problem(outcome: Outcome, limitMs: number): string {
  if (typeof outcome === 'string' && outcome !== LATE)
    return `is of version ${outcome}, and the server of version ${VERSION}: bundle both from one version`;
  const what =
    outcome === LATE
      ? `did not answer within ${limitMs / 1000} s`
      : outcome === null
        ? 'is not chunkwise/worker'
        : `does not start (${firstLine(outcome.error)})`;
  return `${what}: set the option \`worker\` to the URL of chunkwise/worker`;
}

function versionIn(answer: unknown): string | null {
  const { result } = (answer ?? {}) as Partial<Extract<TaskAnswer<'ping'>, { result: unknown }>>;
  return typeof result === 'string' && /^\d+\.\d+\.\d+/.test(result) ? result : null;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? '').trim();
}
