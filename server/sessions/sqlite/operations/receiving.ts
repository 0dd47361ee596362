import { and, eq, sql } from 'drizzle-orm';
import { chunkAt, ERRORS, UploadError } from '../../../../contract/index.js';
import type {
  Acceptance,
  AcceptOutcome,
  Claim,
  ClaimOutcome,
  ClaimRequest,
  ExpiryRules,
} from '../../sessions.js';
import { chunks, uploads } from '../schema.js';
import { create } from './creating.js';
import { putOff } from './expiry.js';
import { move, preparedChange, preparedMove } from './moves.js';
import { type Db, writing } from './operation.js';
import { given, givenChunk, prepared } from './prepared.js';
import { sessionById } from './rows.js';

/** What the database says to a claim; who holds claims at the moment is known elsewhere. */
export type ClaimVerdict =
  | { kind: 'granted'; repair: boolean }
  | Exclude<ClaimOutcome, { kind: 'granted' } | { kind: 'busy' }>;

const putChunk = prepared((db) =>
  db
    .insert(chunks)
    .values({ ...givenChunk, suspect: false })
    .onConflictDoUpdate({
      target: [chunks.uploadId, chunks.index],
      set: { seq: sql`excluded.seq`, writer: sql`excluded.writer`, suspect: false },
    })
    .prepare(),
);

const counters = {
  receivedChunks: given.receivedChunks,
  receivedBytes: given.receivedBytes,
  lastReceived: given.lastReceived,
  lastSeq: given.lastSeq,
  syncedSeq: given.syncedSeq,
};
const count = preparedChange('receiving', counters);
const countLast = preparedMove('receiving', 'assembling', eq(uploads.id, given.id), {
  ...counters,
  dueAt: given.dueAt,
});

export const receiving = {
  create,

  touch: writing((db, { id, now, expiry }: { id: string; now: number; expiry: ExpiryRules }) => {
    const session = sessionById(db, id);
    if (session) putOff(db, session, now, expiry);
  }),

  claim: writing(
    (db, { uploadId, index, hash, now, expiry }: ClaimRequest & { expiry: ExpiryRules }): ClaimVerdict => {
      const session = sessionById(db, uploadId);
      if (!session) return { kind: 'unknown' };
      const open = session.status === 'receiving';
      if (!open && session.status !== 'assembling' && session.status !== 'completed')
        return { kind: 'closed', session };
      const accepted = acceptedHash(db, uploadId, index);
      if (accepted !== null && accepted !== hash)
        return session.status === 'completed' ? { kind: 'closed', session } : { kind: 'conflict', accepted };
      if (!open) return accepted === null ? { kind: 'closed', session } : { kind: 'duplicate', session };
      putOff(db, session, now, expiry);
      return { kind: 'granted', repair: accepted !== null };
    },
  ),

  accept: writing((db, { claim, acceptance }: { claim: Claim; acceptance: Acceptance }): AcceptOutcome => {
    const { uploadId, index, hash } = claim;
    const session = sessionById(db, uploadId);
    if (!session) return { kind: 'unknown' };
    const accepted = acceptedHash(db, uploadId, index);
    if (session.status !== 'receiving') {
      const held = accepted === hash && (session.status === 'assembling' || session.status === 'completed');
      return held ? { kind: 'accepted', session, completing: false } : { kind: 'closed', session };
    }
    if (accepted !== null && accepted !== hash)
      throw new UploadError('INTERNAL', {
        message: `chunk ${index} of ${uploadId} was accepted with another hash`,
      });
    if (index >= session.total || acceptance.size !== chunkAt(session, session.size, index).size)
      throw new UploadError('INTERNAL', { message: `chunk ${index} of ${uploadId} is not in its plan` });

    const seq = session.lastSeq + 1;
    putChunk(db).run({ uploadId, index, hash, seq, writer: acceptance.writer });
    const isNew = accepted === null;
    const receivedChunks = session.receivedChunks + (isNew ? 1 : 0);
    const changes = {
      receivedChunks,
      receivedBytes: session.receivedBytes + (isNew ? acceptance.size : 0),
      lastReceived: index,
      lastSeq: seq,
      // A chunk that was synced by itself says nothing of earlier ones that were not.
      syncedSeq: acceptance.synced && session.syncedSeq === session.lastSeq ? seq : session.syncedSeq,
    };
    const completing = receivedChunks === session.total;
    const [after] = completing
      ? countLast(db, { id: uploadId, ...changes, dueAt: acceptance.now })
      : [count(db, { id: uploadId, ...changes })];
    if (!after)
      throw new UploadError('INTERNAL', { message: `upload ${uploadId} changed within a transaction` });
    return { kind: 'accepted', session: after, completing };
  }),

  countMismatch: writing((db, { id, limit, now }: { id: string; limit: number; now: number }) => {
    const counted = db
      .update(uploads)
      .set({ mismatches: sql`${uploads.mismatches} + 1` })
      .where(and(eq(uploads.id, id), eq(uploads.status, 'receiving')))
      .returning({ mismatches: uploads.mismatches })
      .get();
    if (!counted) return null;
    const failed = counted.mismatches > limit;
    if (failed) {
      const { retryable, message } = ERRORS.RETRIES_EXHAUSTED;
      move(db, 'receiving', 'failed', eq(uploads.id, id), {
        endedAt: now,
        error: { code: 'RETRIES_EXHAUSTED', retryable, message },
      });
    }
    return { retriesLeft: Math.max(0, limit - counted.mismatches), failed };
  }),
};

const chunkHash = prepared((db) =>
  db
    .select({ hash: chunks.hash })
    .from(chunks)
    .where(and(eq(chunks.uploadId, givenChunk.uploadId), eq(chunks.index, givenChunk.index)))
    .prepare(),
);

function acceptedHash(db: Db, uploadId: string, index: number): string | null {
  return chunkHash(db).get({ uploadId, index })?.hash ?? null;
}
