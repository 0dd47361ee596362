import { type ErrorCode, formatSize, type UploadView } from '../contract/index.js';
import { printable } from '../contract/printable.js';
import type { Doing } from './state/here.js';
import type { Row } from './state/uploads.js';

/** How an upload is called: with its folders, where it came with some. Nothing in it can turn or hide what stands beside it. */
export function titleOf({ name, relativePath }: UploadView): string {
  return printable(relativePath ?? name);
}

/** Never 100 before all is there. */
export function percentOf({ receivedBytes, size, status }: UploadView): number {
  if (status === 'completed' || size === 0) return status === 'completed' ? 100 : 0;
  return Math.min(99, Math.floor((100 * receivedBytes) / size));
}

/** Why a request is sent again. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  NETWORK: 'the server does not answer',
  PROTOCOL: 'the server does not answer',
  SERVER_BUSY: 'the server is busy',
  RATE_LIMITED: 'the server is busy',
  CHUNK_TIMEOUT: 'the line is slow',
  STORAGE_FULL: "the server's storage is full",
  STORE_UNAVAILABLE: "the server's storage does not answer",
  CHUNK_HASH_MISMATCH: 'a part was damaged on its way',
  CHUNK_INCOMPLETE: 'a part was damaged on its way',
};

/** @param doing what this page does with it; undefined: nothing */
export function statusOf({ view, isMoving }: Row, doing: Doing | undefined): string {
  const percent = `${percentOf(view)} %`;
  const choose = `Choose ${printable(view.name)} (${formatSize(view.size)}) again`;
  switch (view.status) {
    case 'receiving':
      if (doing?.phase === 'paused') return `Paused at ${percent}`;
      if (doing?.waitsFor) {
        const reason = REASONS[doing.waitsFor.code] ?? 'the server failed';
        return `Waiting at ${percent}: ${reason}. It goes on by itself.`;
      }
      if (doing !== undefined) return `Uploading, ${percent}`;
      if (isMoving) return `Being sent from another window or device, ${percent}`;
      return `Stopped at ${percent}. ${choose} to go on.`;
    case 'assembling':
      return 'All there; being checked and stored';
    case 'completed':
      return 'Complete';
    case 'failed':
      return `Failed: ${view.error.message}`;
    case 'expired':
      return `Not finished in time. ${choose} to start anew.`;
    default:
      return 'Removed';
  }
}

/** A moment, for a person; the server's times are milliseconds since 1970. */
export function timeOf(time: number): string {
  return new Date(time).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
}
