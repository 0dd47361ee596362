import { SERVER_DEFAULTS } from '../../contract/index.js';
import type { UploadSession } from '../sessions/sessions.js';

const { sweepBatchRows } = SERVER_DEFAULTS;

/**
 * Sessions in the order of their ids, read page by page, each once the one before it was handled.
 * @param read sessions behind the id `after`, at most `limit`
 */
export async function* inPages(
  read: (after: string | null, limit: number) => Promise<UploadSession[]>,
): AsyncGenerator<UploadSession, void, undefined> {
  for (let after: string | null = null; ; ) {
    const page: UploadSession[] = await read(after, sweepBatchRows);
    yield* page;
    after = page.at(-1)?.id ?? null;
    if (page.length < sweepBatchRows) return;
  }
}
