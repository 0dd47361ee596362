import path from 'node:path';
import { chunkAt, isUploadError, UploadError } from '../../contract/index.js';
import { readChunks } from '../assembly/chunk-pages.js';
import type { Core } from '../core.js';
import type { UploadSession } from '../sessions/sessions.js';
import { markGone } from '../start.js';
import type { StoredChunk } from '../stores/store.js';
import { createTakeBack } from './take-back.js';

/** Failures that the same call would only meet again: nothing is under way any more then. */
const FINAL = ['TARGET_EXISTS', 'INPUT_INVALID'];

/**
 * `files.move`, for one upload at a time. What is about to happen is recorded first, then the file gets its new name
 * beside the one under `files/`; the change to `gone` makes it the app's, and only then the old name goes. A call
 * after a crash at any point goes on from there.
 */
export function createMove(
  core: Pick<Core, 'sessions' | 'store' | 'cleanup' | 'clock' | 'log'>,
): (uploadId: string, to: string) => Promise<void> {
  const { sessions, store, cleanup, clock, log } = core;
  const takeBack = createTakeBack(core);

  async function give(session: UploadSession, to: string): Promise<void> {
    const uploadId = session.id;
    try {
      if (await store.giveAway(session, to, () => allChunks(session))) return;
    } catch (error) {
      if (isUploadError(error) && FINAL.includes(error.code)) {
        await takeBack(session, to);
        await sessions.intendMove(uploadId, to, null);
      }
      throw error;
    }
    await markGone(core, session);
    throw new UploadError('UPLOAD_NOT_FOUND', { uploadId });
  }

  async function allChunks(session: UploadSession): Promise<StoredChunk[]> {
    const chunks: StoredChunk[] = [];
    for await (const { index, hash } of readChunks(sessions, session))
      chunks.push({ ...chunkAt(session, session.size, index), hash });
    return chunks;
  }

  return async (uploadId, given) => {
    const to = targetOf(given);
    for (;;) {
      const session = await sessions.get(uploadId);
      if (session?.status === 'gone' && session.movedTo !== null) return wasMoved(session, to);
      if (session?.status !== 'completed') throw new UploadError('UPLOAD_NOT_FOUND', { uploadId });
      const before = session.movedTo;
      if (before !== null && before !== to) await takeBack(session, before);
      // Lost only to what made the upload gone: the next round sees it.
      if (before !== to && !(await sessions.intendMove(uploadId, before, to))) continue;
      await give(session, to);
      if (!(await sessions.markMoved(uploadId, to, clock.now()))) continue;
      await store
        .letGo(session, to)
        .catch((error: unknown) =>
          log.warn({ uploadId, error }, 'a moved file keeps its old name until the sweep'),
        );
      cleanup.endedSoon(uploadId);
      return;
    }
  };
}

function wasMoved({ id, movedTo }: UploadSession, to: string): void {
  if (movedTo !== to)
    throw new UploadError('UPLOAD_CLOSED', {
      uploadId: id,
      status: 'gone',
      message: 'The file was moved to another path already. It is yours there: rename it yourself.',
    });
}

/** Normalized. @throws UploadError INPUT_INVALID */
function targetOf(to: string): string {
  const isFile = typeof to === 'string' && path.isAbsolute(to) && !to.includes('\0') && !/[/\\]$/.test(to);
  if (!isFile)
    throw new UploadError('INPUT_INVALID', {
      message: 'The target of a move is the absolute path of the new file, its name included.',
    });
  return path.resolve(to);
}
