import type { TaskState, UploadResult } from '../../client/index.js';
import type { UploadError } from '../../contract/index.js';

/** How one file ended: one line of `upload --json`, with these keys in this order. */
export interface FileReport {
  /** As the user would write it. */
  readonly file: string;
  /** Relative to the server's root. */
  readonly path: string | null;
  readonly uploadId: string | null;
  readonly hash: string | null;
  /** Bytes; null where the file could not even be looked at. */
  readonly size: number | null;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly resumed: boolean;
  /** Bytes of chunks that went out, repeats included; null where an upload did not complete. */
  readonly sentBytes: number | null;
  readonly retries: number;
  readonly durationMs: number;
  readonly error?: { readonly code: string; readonly message: string };
}

export function completedReport(file: string, result: UploadResult): FileReport {
  const { path, uploadId, hash, size, status, resumed, sentBytes, retries, durationMs } = result;
  return { file, path, uploadId, hash, size, status, resumed, sentBytes, retries, durationMs };
}

/** @param state what is known of the upload; null where it never began */
export function failedReport(
  file: string,
  size: number | null,
  state: TaskState | null,
  error: UploadError,
  durationMs: number,
): FileReport {
  return {
    file,
    path: null,
    uploadId: state?.uploadId ?? null,
    hash: null,
    size,
    status: error.code === 'CANCELLED' ? 'cancelled' : 'failed',
    resumed: state?.resumed ?? false,
    sentBytes: state === null ? 0 : null,
    retries: state?.retries ?? 0,
    durationMs: Math.round(durationMs),
    error: { code: error.code, message: error.message },
  };
}
