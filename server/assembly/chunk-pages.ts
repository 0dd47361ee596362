import { SERVER_DEFAULTS } from '../../contract/index.js';
import type { ChunkRecord, Sessions, UploadSession } from '../sessions/sessions.js';

const { chunkPageRows } = SERVER_DEFAULTS;

/** All accepted chunks of an upload in index order. */
export async function* readChunks(
  sessions: Sessions,
  upload: Pick<UploadSession, 'id'>,
): AsyncGenerator<ChunkRecord> {
  for (let from = 0; ; ) {
    const page = await sessions.chunks(upload.id, from, chunkPageRows);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < chunkPageRows) return;
    from = last.index + 1;
  }
}
