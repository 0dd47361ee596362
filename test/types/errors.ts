/** Codes are a closed set, and a server's are fewer than a client's. */
import type { ErrorCode, Plan, ServerErrorCode, Status, UploadErrorData } from '../../contract/index.js';
import { isUploadError, UploadError } from '../../contract/index.js';
import { proves, type Same } from './expect.js';

proves<Same<Exclude<ErrorCode, ServerErrorCode>, 'NETWORK' | 'FILE_CHANGED' | 'CANCELLED' | 'PROTOCOL'>>();
proves<Same<UploadErrorData['plan'], Plan | undefined>>();
proves<Same<UploadErrorData['status'], Status | undefined>>();

// @ts-expect-error only a client finds out that there is no network
export const fromServer: ServerErrorCode = 'NETWORK';

// @ts-expect-error no such code
export const misspelt = new UploadError('SERVER_BUZY');

// @ts-expect-error no such detail
export const detailed = new UploadError('INTERNAL', { reason: 'x' });

export function handle(error: unknown): number | undefined {
  // @ts-expect-error it may be anything
  error.code;
  if (!isUploadError(error)) return undefined;
  proves<Same<typeof error.code, ErrorCode>>();
  proves<Same<typeof error.retryable, boolean>>();
  // @ts-expect-error no such code
  if (error.code === 'ENOENT') return undefined;
  // @ts-expect-error errors are not changed after they were made
  error.code = 'INTERNAL';
  return error.data.retryAfterMs;
}
