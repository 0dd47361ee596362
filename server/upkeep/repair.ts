import { chunkAt, isFinal, UploadError } from '../../contract/index.js';
import { readChunks } from '../assembly/chunk-pages.js';
import type { Sessions, UploadSession } from '../sessions/sessions.js';
import { createSingleFlight } from '../single-flight.js';
import type { Store } from '../stores/store.js';

/** Brings records and stored bytes of `receiving` sessions back into agreement. */
export interface Repair {
  /**
   * Hashes the chunks that a power cut may have taken (see `Sessions.markBoot`) before anybody is told what is
   * missing. One run per upload at a time; the session as it is afterwards.
   */
  settle(session: UploadSession): Promise<UploadSession>;
  /**
   * Makes the staging entry of a `receiving` session where there is none, and forgets the chunks that it held. One run per upload at a time:
   * of two that make the entry, the later must not remove what was written into the earlier one's. The session as it
   * is afterwards; null: gone from the records.
   */
  restage(session: UploadSession): Promise<UploadSession | null>;
}

export function createRepair(deps: { sessions: Sessions; store: Store }): Repair {
  const { sessions, store } = deps;
  const settleOnce = createSingleFlight<void>();
  const restageOnce = createSingleFlight<UploadSession | null>();

  async function settleSuspects(session: UploadSession): Promise<void> {
    const suspects = [];
    for await (const chunk of readChunks(sessions, session)) if (chunk.suspect) suspects.push(chunk);
    const damaged = await store.verify(
      session,
      suspects.map(({ index, hash }) => ({ ...chunkAt(session, session.size, index), hash })),
    );
    await sessions.settleSuspects(session.id, damaged);
  }

  async function restage(session: UploadSession): Promise<UploadSession | null> {
    const isThere = await store.exists(session);
    const seen = await sessions.get(session.id);
    // Where assembly had it since `session` was read, it is assembly that moved or made the entry: nothing may be
    // forgotten for that.
    if (isThere || seen?.status !== 'receiving' || seen.attempt !== session.attempt) return seen;
    // In this order: a chunk written into the new entry must not be forgotten. Of a new session there is none.
    if (seen.lastSeq > 0) await sessions.dropAll(session.id);
    await store.create(session);
    // Where the upload ended in between, its cleaning up may have been over before this made the entry.
    const after = await sessions.get(session.id);
    if (after === null || isFinal(after.status)) await store.discard(session);
    return after;
  }

  return {
    async settle(session) {
      if (session.suspect && session.status === 'receiving')
        await settleOnce(session.id, () => settleSuspects(session));
      const settled = await sessions.get(session.id);
      if (settled === null) throw new UploadError('UPLOAD_NOT_FOUND', { uploadId: session.id });
      return settled;
    },
    restage: (session) => restageOnce(session.id, () => restage(session)),
  };
}
