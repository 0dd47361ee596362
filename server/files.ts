import { UPLOAD_ID_PATTERN, UploadError } from '../contract/index.js';
import type { Core } from './core.js';
import { createMove } from './files/move.js';
import { createServe } from './files/serve.js';
import { createTakeBack } from './files/take-back.js';
import type { FileAccess, Files, StoredFile } from './files/types.js';
import type { UploadSession } from './sessions/sessions.js';
import { markGone } from './start.js';
import type { ByteRange } from './stores/store.js';

export type {
  FileAccess,
  Files,
  NodeRequest,
  NodeResponse,
  ServeOptions,
  StoredFile,
} from './files/types.js';

export function createFiles(core: Core): Files {
  const { store, sessions, fileTurns: inTurn } = core;
  const move = createMove(core);
  const takeBack = createTakeBack(core);

  async function find(uploadId: string, access: FileAccess): Promise<UploadSession | null> {
    await core.ready();
    if (!isUploadId(uploadId)) return null;
    const session = await sessions.get(uploadId);
    if (session?.status !== 'completed') return null;
    // Whoever says `owner` wants a check, also where the variable has no value.
    return !('owner' in access) || session.owner === access.owner ? session : null;
  }

  async function stat(uploadId: string, access: FileAccess = {}): Promise<StoredFile | null> {
    const session = await find(uploadId, access);
    if (session === null) return null;
    if ((await store.published(session)) !== null) return storedFile(session, store.publishedPath(session));
    await markGone(core, session);
    return null;
  }

  async function open(uploadId: string, range?: ByteRange, access: FileAccess = {}) {
    const session = await find(uploadId, access);
    if (session !== null) {
      if (range !== undefined) checkRange(range, session.size);
      const stream = await store.open(session, range);
      if (stream !== null) return stream;
      await markGone(core, session);
    }
    throw new UploadError('UPLOAD_NOT_FOUND', { uploadId });
  }

  return {
    stat,
    open,
    remove: (uploadId, access = {}) =>
      inTurn(uploadId, async () => {
        const session = await find(uploadId, access);
        if (session === null) return false;
        if (session.movedTo !== null) await takeBack(session, session.movedTo);
        const removed = await store.remove(session);
        await markGone(core, session);
        return removed;
      }),
    move: (uploadId, to) =>
      inTurn(uploadId, async () => {
        await core.ready();
        if (!isUploadId(uploadId)) throw new UploadError('UPLOAD_NOT_FOUND');
        await move(uploadId, to);
      }),
    serve: createServe({ stat, open }, core.log),
  };
}

/** Ids come from requests: they may be anything. */
function isUploadId(value: unknown): value is string {
  return typeof value === 'string' && UPLOAD_ID_PATTERN.test(value);
}

function storedFile(session: UploadSession, absolutePath: string): StoredFile {
  const { id: uploadId, owner, policy, name, relativePath, type, metadata, size } = session;
  const { path, hash, endedAt, hookDue, hookAttempt, hookError } = session;
  if (path === null || hash === null || endedAt === null) throw new UploadError('INTERNAL', { uploadId });
  return {
    ...{ uploadId, owner, policy, name, relativePath, type, metadata, path, absolutePath, size, hash },
    completedAt: endedAt,
    hook: { pending: hookDue, attempts: hookAttempt, lastError: hookError },
  };
}

function checkRange({ start, end }: ByteRange, size: number): void {
  const isWithin = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end < size;
  if (!isWithin || start > end)
    throw new UploadError('INPUT_INVALID', {
      message: `A range is the positions of its first and last byte, both within the ${size} bytes of the file.`,
    });
}
