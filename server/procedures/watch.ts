import { MAX_LIST_LIMIT, MAX_WATCH_IDS, type Progress, type WatchEvent } from '../../contract/index.js';
import * as schemas from '../../contract/schemas.js';
import type { Core } from '../core.js';
import type { UploadSession } from '../sessions/sessions.js';
import { progressOf } from '../views.js';
import type { BaseProcedure, ProcedureDeps } from './base.js';

/**
 * `watch`: a snapshot, then one event per change. A slow reader gets the newest state of each upload instead of every
 * step, so what waits for it is bounded by the number of uploads.
 */
export function watchProcedure(base: BaseProcedure, { core }: ProcedureDeps) {
  return base.input(schemas.watchInput).subscription(async function* ({
    ctx,
    input,
    signal,
  }): AsyncGenerator<WatchEvent, void> {
    const wanted = input.uploadIds && new Set(input.uploadIds);
    const changed = new Map<string, UploadSession>();
    let wake = () => {};
    const unsubscribe = core.events.subscribe((session) => {
      if (session.owner !== ctx.owner || (wanted && !wanted.has(session.id))) return;
      changed.set(session.id, session);
      wake();
    });
    const onAbort = () => wake();
    signal?.addEventListener('abort', onAbort);
    try {
      yield { kind: 'snapshot', items: await snapshot(core, ctx.owner, input.uploadIds) };
      while (!signal?.aborted) {
        for (const [id, session] of changed) {
          changed.delete(id);
          yield { kind: 'progress', progress: progressOf(session) };
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (changed.size > 0 || signal?.aborted) resolve();
        });
      }
    } finally {
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    }
  });
}

const UNFINISHED = ['receiving', 'assembling'] as const;

/** What is watched: the named uploads, or the owner's that are not final, as many as one may name. */
async function snapshot(core: Core, owner: string, uploadIds: string[] | undefined): Promise<Progress[]> {
  if (uploadIds !== undefined) {
    const found = await Promise.all(uploadIds.map((id) => core.sessions.find(owner, id)));
    return found.filter((session) => session !== null).map((session) => progressOf(session));
  }
  const progress: Progress[] = [];
  let cursor: string | undefined;
  do {
    const page = await core.sessions.list({ owner, statuses: UNFINISHED, limit: MAX_LIST_LIMIT, cursor });
    for (const session of page.items) progress.push(progressOf(session));
    cursor = page.nextCursor;
  } while (cursor !== undefined && progress.length < MAX_WATCH_IDS);
  return progress;
}
