import { isUploadError, UploadError } from '../../contract/index.js';
import { codeOf } from './file-calls.js';
import type { Store } from './store.js';

const FULL = ['ENOSPC', 'EDQUOT'];
const BUSY = ['EMFILE', 'ENFILE'];

/**
 * The error that a store rejects with. What the system said, paths included, is in `cause`, for logs and operators;
 * the message goes to clients.
 */
export function storeError(error: unknown): UploadError {
  // A worker that died says INTERNAL: for a store's caller that is a failed attempt as any other.
  if (isUploadError(error) && error.code !== 'INTERNAL') return error;
  const code = codeOf(error) ?? '';
  if (FULL.includes(code)) return new UploadError('STORAGE_FULL', { cause: error });
  if (BUSY.includes(code)) return new UploadError('SERVER_BUSY', { cause: error });
  return new UploadError('STORE_UNAVAILABLE', { cause: error });
}

/** Its message is a sentence for whoever runs the server, and says what to do. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

/** STORE_UNAVAILABLE with a sentence for whoever runs the server. */
export function unusable(sentence: string, cause?: unknown): UploadError {
  return new UploadError('STORE_UNAVAILABLE', { cause: new Unusable(sentence, { cause }) });
}

/** The same store, whose methods reject as the interface says. */
export function withStoreErrors(store: Store): Store {
  const guard =
    <Args extends unknown[], Result>(
      method: (...args: Args) => Promise<Result>,
      signalOf?: (...args: Args) => AbortSignal | undefined,
    ) =>
    async (...args: Args): Promise<Result> => {
      try {
        return await method(...args);
      } catch (error) {
        const signal = signalOf?.(...args);
        throw signal?.aborted && error === signal.reason ? error : storeError(error);
      }
    };
  return {
    ...store,
    ready: guard(store.ready),
    create: guard(store.create),
    exists: guard(store.exists),
    write: guard(store.write, (_upload, _chunk, _body, { signal }) => signal),
    verify: guard(store.verify, (_upload, _chunks, signal) => signal),
    sync: guard(store.sync),
    stage: guard(store.stage, (_upload, _chunks, _recheck, signal) => signal),
    syncStaged: guard(store.syncStaged),
    publish: guard(store.publish),
    published: guard(store.published),
    copy: guard(store.copy, (_from, _to, signal) => signal),
    discard: guard(store.discard),
    remove: guard(store.remove),
    async *entries() {
      try {
        yield* store.entries();
      } catch (error) {
        throw storeError(error);
      }
    },
    open: guard(store.open),
    giveAway: guard(store.giveAway),
    takeBack: guard(store.takeBack),
    letGo: guard(store.letGo),
    removeOrphan: guard(store.removeOrphan),
    freeBytes: guard(store.freeBytes),
  };
}
