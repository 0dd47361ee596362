import {
  ERRORS,
  type ErrorCode,
  type ErrorView,
  type IndexRange,
  isFinal,
  type Progress,
  type UploadView,
} from '../contract/index.js';
import type { UploadSession } from './sessions/sessions.js';

export function errorView(code: ErrorCode, message: string = ERRORS[code].message): ErrorView {
  return { code, retryable: ERRORS[code].retryable, message };
}

/** What a client sees of a session; `missing` only where it was asked for. */
export function viewOf(
  session: UploadSession,
  missing?: { ranges: readonly IndexRange[]; more: boolean },
): UploadView {
  const base = {
    uploadId: session.id,
    policy: session.policy,
    name: session.name,
    relativePath: session.relativePath,
    type: session.type,
    size: session.size,
    mode: session.mode,
    chunkSize: session.chunkSize,
    total: session.total,
    receivedChunks: session.receivedChunks,
    receivedBytes: session.receivedBytes,
    lastReceived: session.lastReceived,
    createdAt: session.createdAt,
    expiresAt: isFinal(session.status) ? null : session.expiresAt,
    ...(missing && {
      missing: missing.ranges.map(([first, last]): [number, number] => [first, last]),
      ...(missing.more && { missingMore: true }),
    }),
  };
  return { ...base, hash: session.hash, ...outcomeOf(session) } as UploadView;
}

export function progressOf(session: UploadSession, index?: number): Progress {
  return {
    uploadId: session.id,
    ...(index !== undefined && { index }),
    size: session.size,
    total: session.total,
    receivedChunks: session.receivedChunks,
    receivedBytes: session.receivedBytes,
    ...outcomeOf(session),
  } as Progress;
}

/** The part of a view that depends on the status. */
function outcomeOf(session: UploadSession) {
  switch (session.status) {
    case 'completed':
    case 'gone':
      return {
        status: session.status,
        path: session.path,
        hash: session.hash,
        ...(session.data !== null && { data: session.data }),
        ...(session.hookDue && { hookPending: true }),
      };
    case 'failed':
      return { status: session.status, error: session.error ?? errorView('INTERNAL') };
    default:
      return { status: session.status };
  }
}
