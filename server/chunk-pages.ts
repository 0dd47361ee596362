import type { ChunkRecord, Sessions, UploadSession } from './sessions/sessions.js';

/** Records read from the sessions at one time: bounds both memory and the time that the database is held. */
const PAGE_ROWS = 5_000;

/** All accepted chunks of an upload in index order. */
export async function* readChunks(
  sessions: Sessions,
  upload: Pick<UploadSession, 'id'>,
): AsyncGenerator<ChunkRecord> {
  for (let from = 0; ; ) {
    const page = await sessions.chunks(upload.id, from, PAGE_ROWS);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_ROWS) return;
    from = last.index + 1;
  }
}
