import { chunkAt, indexesOf, type Progress, type UploadView } from '../contract/for-clients.js';
import type { Engine } from './engine.js';
import type { Job } from './job.js';
import { type Scope, within } from './scope.js';
import { type PendingChunk, sendChunk } from './send-chunk.js';

/**
 * Sends the chunks that `view` calls missing, several at a time, and before them the last received one where
 * `again` asks for it: a crash may have damaged what was received last, and sending it again repairs that.
 * @returns the answer that ended the sending (any status but `receiving`), or null when all were accepted without one
 * @throws the first failure, once every other request of the upload has ended
 */
export function transfer(
  engine: Engine,
  job: Job,
  view: UploadView,
  again: boolean,
  parent: Scope,
): Promise<Progress | null> {
  return within(parent, async (scope) => {
    const last = again ? view.lastReceived : null;
    const todo = pending(view, last);
    let end: Progress | null = null;

    const lane = async () => {
      try {
        for (const chunk of todo) {
          const answer = await within(scope, (own) => sendChunk(engine, job, view, chunk, own));
          if (answer.status === 'receiving') continue;
          end ??= answer;
          return scope.abort(answer);
        }
      } catch (cause) {
        scope.abort(cause);
      }
    };
    const parallel = job.policy?.maxParallelChunks ?? 1;
    await Promise.all(Array.from({ length: Math.min(parallel, view.total) }, lane));
    parent.signal.throwIfAborted();
    // The first failure; what ended the sending before, or all the same, counts more.
    if (end === null) scope.signal.throwIfAborted();
    return end;
  });
}

function* pending(view: UploadView, last: number | null): Generator<PendingChunk> {
  if (last !== null) yield { ...chunkAt(view, view.size, last), fresh: false };
  for (const index of indexesOf(view.missing ?? []))
    yield { ...chunkAt(view, view.size, index), fresh: true };
}
