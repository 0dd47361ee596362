import { type ChunkFields, chunkAt, UploadError } from '../../contract/index.js';
import type { UploadSession } from '../sessions/sessions.js';

/** What a claim or an acceptance that was not granted means for the sender. */
export function repeatedOrRefused(
  outcome:
    | { kind: 'duplicate' | 'closed'; session: UploadSession }
    | { kind: 'conflict'; accepted: string }
    | { kind: 'busy' | 'unknown' },
  fields: ChunkFields,
): { session: UploadSession; completing: false } {
  const { uploadId, index } = fields;
  switch (outcome.kind) {
    case 'duplicate':
      return { session: outcome.session, completing: false };
    case 'conflict':
      throw new UploadError('CHUNK_CONFLICT', {
        uploadId,
        index,
        expected: outcome.accepted,
        received: fields.hash,
      });
    case 'closed':
      throw closedError(outcome.session, index);
    case 'busy':
      throw new UploadError('SERVER_BUSY', { uploadId, index });
    case 'unknown':
      throw new UploadError('UPLOAD_NOT_FOUND', { uploadId });
  }
}

/** Why an upload takes no more chunks, and where its file is if it has one. */
export function closedError(session: UploadSession, index?: number): UploadError {
  const { status, error } = session;
  return new UploadError('UPLOAD_CLOSED', {
    uploadId: session.id,
    message:
      status === 'completed'
        ? 'The upload is completed and takes no more changes.'
        : `The upload is ${status} and takes no more chunks${error ? `: ${error.message}` : '.'}`,
    status,
    ...(index !== undefined && { index }),
    ...(session.path !== null && { path: session.path }),
  });
}

/** The chunk is the one that the upload's frozen plan has at this index. */
export function checkGeometry(session: UploadSession, fields: ChunkFields): void {
  const { index, offset, size, total } = fields;
  const plan = { mode: session.mode, chunkSize: session.chunkSize, total: session.total };
  if (index < plan.total && total === plan.total) {
    const expected = chunkAt(plan, session.size, index);
    if (offset === expected.offset && size === expected.size) return;
  }
  throw new UploadError('CHUNK_GEOMETRY', { uploadId: session.id, index, plan });
}
