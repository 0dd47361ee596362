import { UploadError } from '../../../contract/index.js';
import type { ExpiryRules, Sessions } from '../sessions.js';
import { createBatcher } from './batcher.js';
import { createClaims } from './claims.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { fromFault } from './faults.js';
import type { Connection } from './protocol.js';

/** The repository over a connection to its database, which no other process may use. Does nothing until used. */
export function createRepository(connection: Connection, expiry: ExpiryRules): Sessions {
  const claims = createClaims();
  const { call, end } = createBatcher(connection);
  let ending: Promise<void> | undefined;

  async function endAll(): Promise<void> {
    await end();
    claims.endAll();
    await connection.close();
  }

  return {
    async ready() {
      if (ending) throw new UploadError('STORE_UNAVAILABLE', { message: 'The server is stopping.' });
      const answer = await connection.open();
      if ('fault' in answer) throw fromFault(answer.fault);
    },

    find: (owner, id) => call('find', { owner, id }),
    get: (id) => call('get', { id }),
    findByContent: (owner, content) => call('findByContent', { owner, ...content }),
    findCompleted: (owner, content) => call('findCompleted', { owner, ...content }),
    async list({ owner, statuses, cursor, limit }) {
      const after = cursor === undefined ? null : decodeCursor(cursor);
      const found = await call('list', { owner, statuses, after, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1) : undefined;
      return { items, nextCursor: last && encodeCursor(last) };
    },
    page: (status, after, limit) => call('page', { status, after, limit }),
    resumableChunkSizes: (owner, size, limit) => call('resumableChunkSizes', { owner, size, limit }),
    missing: (id, limit) => call('missing', { id, limit }),
    chunks: (id, from, limit) => call('chunks', { id, from, limit }),
    async statuses(ids) {
      const rows = await call('statuses', { ids });
      return new Map(rows.map(({ id, status }) => [id, status]));
    },

    create: (upload, quota, now) => call('create', { upload, quota, expiry, now }),
    touch: (id, now) => call('touch', { id, now, expiry }),
    async claim(request) {
      const claim = claims.take(request.uploadId, request.index, request.hash);
      if (!claim) return { kind: 'busy' };
      let granted = false;
      try {
        const verdict = await call('claim', { ...request, expiry });
        granted = verdict.kind === 'granted';
        return verdict.kind === 'granted' ? { ...verdict, claim } : verdict;
      } finally {
        if (!granted) claims.end(claim);
      }
    },
    async accept(claim, acceptance) {
      if (!claims.holds(claim))
        throw new UploadError('INTERNAL', { message: `no claim is held on chunk ${claim.index}` });
      try {
        return await call('accept', { claim, acceptance });
      } finally {
        claims.end(claim);
      }
    },
    release: async (claim) => claims.end(claim),
    whenReleased: claims.whenReleased,
    whenUnclaimed: claims.whenUnclaimed,
    countMismatch: (id, limit, now) => call('countMismatch', { id, limit, now }),

    unsynced: (after, limit) => call('unsynced', { after, limit }),
    recordSynced: (id, seq) => call('recordSynced', { id, seq }),
    dropUnsynced: (id) => call('dropUnsynced', { id }),
    markBoot: (bootId) => call('markBoot', { bootId }),
    suspectUploads: () => call('suspectUploads', {}),
    settleSuspects: (id, damaged) => call('settleSuspects', { id, damaged }),
    dropAll: (id) => call('dropAll', { id }),
    drop: (id, damaged) => call('drop', { id, damaged }),

    releaseDeadHolders: () => call('releaseDeadHolders', {}),
    takeLease: (holder, leaseMs, now, id, except = []) =>
      call('takeLease', { holder, leaseMs, now, id, except }),
    renewLease: (lease, leaseMs, now) => call('renewLease', { lease, leaseMs, now }),
    setHash: (lease, hash) => call('setHash', { lease, hash }),
    reopen: (lease, damaged, now) => call('reopen', { lease, damaged, now, expiry }),
    // No time is stored: `now` belongs to the interface for databases whose leases end by the clock.
    beginPublish: (lease, quota) => call('beginPublish', { lease, quota }),
    complete: (lease, published, now) => call('complete', { lease, published, now }),
    fail: (lease, error, now) => call('fail', { lease, error, now }),
    retryLater: (lease, retryAt) => call('retryLater', { lease, retryAt }),
    nextDue: (kind, passedOver = []) => call('nextDue', { kind, passedOver }),

    abort: (owner, id, now) => call('abort', { owner, id, now }),
    expire: (now, limit) => call('expire', { now, limit }),
    markGone: (id, now) => call('markGone', { id, now }),
    uncleaned: (limit) => call('uncleaned', { limit }),
    intendMove: (id, before, to) => call('intendMove', { id, before, to }),
    markMoved: (id, to, now) => call('markMoved', { id, to, now }),
    markCleaned: ({ id, status }) => call('markCleaned', { id, status }),
    purge: (endedBefore, limit) => call('purge', { endedBefore, limit }),

    takeHook: (now, leaseMs, which = { passedOver: [] }) => call('takeHook', { now, leaseMs, which }),
    hookDone: (id, data, error = null) => call('hookDone', { id, data, error }),
    hookFailed: (id, error, retryAt) => call('hookFailed', { id, error, retryAt }),

    [Symbol.asyncDispose]: () => (ending ??= endAll()),
  };
}
