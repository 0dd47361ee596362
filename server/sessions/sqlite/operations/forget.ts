import { and, desc, eq, type SQL } from 'drizzle-orm';
import { chunkAt } from '../../../../contract/index.js';
import type { UploadSession } from '../../sessions.js';
import { chunks } from '../schema.js';
import type { Db } from './operation.js';

/**
 * Deletes records of accepted chunks, all or those that `which` selects.
 * @returns their number, and the counters that the session must get in the same transaction
 */
export function forgetChunks(db: Db, session: UploadSession, which?: SQL) {
  const ofUpload = eq(chunks.uploadId, session.id);
  const forgotten = db.delete(chunks).where(and(ofUpload, which)).returning({ index: chunks.index }).all();
  let bytes = 0;
  for (const { index } of forgotten) bytes += chunkAt(session, session.size, index).size;
  const newest = db
    .select({ index: chunks.index })
    .from(chunks)
    .where(ofUpload)
    .orderBy(desc(chunks.seq))
    .limit(1)
    .get();
  const counters = {
    receivedChunks: session.receivedChunks - forgotten.length,
    receivedBytes: session.receivedBytes - bytes,
    lastReceived: newest?.index ?? null,
  };
  return { number: forgotten.length, counters };
}
