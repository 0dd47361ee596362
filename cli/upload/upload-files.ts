import type { Connection, UploadTask } from '../../client/node/index.js';
import { CLIENT_DEFAULTS, isUploadError, type UploadError } from '../../contract/index.js';
import type { Display } from '../progress/display.js';
import type { FoundFile } from './find.js';
import { completedReport, type FileReport, failedReport } from './report.js';

export interface UploadRun {
  readonly connection: Connection;
  readonly display: Display;
  readonly policy: string | undefined;
  readonly concurrency: number;
  /** Stops everything; sessions stay. Its reason is an UploadError, which files that it stops end with. */
  readonly stop: AbortController;
  onReport(report: FileReport, error: UploadError | null): void;
  /** No file will fare better, and all are stopped: the server is away, or lets nobody in. */
  onHopeless(error: UploadError): void;
}

/** Failures that are not one file's own. */
const HOPELESS: ReadonlySet<UploadError['code']> = new Set(['NETWORK', 'UNAUTHORIZED', 'PROTOCOL']);
/** A proxy's answer to a body that is too large for it: smaller files pass. */
const PAYLOAD_TOO_LARGE = 413;

function isHopeless({ code, data }: UploadError): boolean {
  return HOPELESS.has(code) && data.received !== PAYLOAD_TOO_LARGE;
}

/**
 * Uploads files, as many at a time as the client works on at once: a folder of a million files is not a million tasks.
 * Never rejects because of a file.
 */
export async function uploadFiles(files: readonly FoundFile[], run: UploadRun): Promise<void> {
  const todo = files.values();
  const lane = async () => {
    for (const file of todo) await uploadOne(file, run);
  };
  const lanes = Math.min(files.length, run.concurrency + CLIENT_DEFAULTS.uploadsAhead);
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function uploadOne({ shown, source }: FoundFile, run: UploadRun): Promise<void> {
  const { connection, display, policy, stop, onReport } = run;
  if (stop.signal.aborted) {
    const error: UploadError = stop.signal.reason;
    return onReport(failedReport(shown, source.size, null, error, 0), error);
  }
  const startedAt = performance.now();
  const options = { signal: stop.signal, ...(policy !== undefined && { policy }) };
  const task: UploadTask = connection.uploader.add(source, options);
  display.add(shown, source.relativePath ?? source.name, task);
  try {
    const report = completedReport(shown, await task.result);
    display.ended(shown, report, task);
    onReport(report, null);
  } catch (thrown) {
    if (!isUploadError(thrown)) throw thrown;
    if (isHopeless(thrown) && !stop.signal.aborted) {
      run.onHopeless(thrown);
      stop.abort(thrown);
    }
    const error: UploadError = stop.signal.aborted ? stop.signal.reason : thrown;
    const report = failedReport(shown, source.size, task.state, error, performance.now() - startedAt);
    display.ended(shown, report, task);
    onReport(report, error);
  }
}
