import { Readable } from 'node:stream';
import { type ErrorCode, UploadError } from '../../contract/index.js';
import type { Store } from '../../server/stores/store.js';

/** The methods of a store that can fail. */
export type StoreMethod = {
  [Key in keyof Store]: Store[Key] extends (...args: never[]) => Promise<unknown> ? Key : never;
}[keyof Store];

export type Fault =
  /** Rejects without calling the inner store. */
  | { kind: 'before'; code: Extract<ErrorCode, 'STORAGE_FULL' | 'STORE_UNAVAILABLE'> }
  /** Calls the inner store, and rejects although it did its work: the answer is lost. */
  | { kind: 'after'; code: Extract<ErrorCode, 'STORAGE_FULL' | 'STORE_UNAVAILABLE'> }
  /** `write` only: one bit of the body changes on its way to the store. */
  | { kind: 'corrupt' }
  /** This call and all later ones reject, as if the process had died. */
  | { kind: 'stop' };

/** What goes wrong with a call; `call` counts the calls of that method from 1, `step` those of all methods. */
export type FaultScript = (at: { method: StoreMethod; call: number; step: number }) => Fault | null;

/** The cause of a rejection by script. */
export const INJECTED = new Error('injected');

/** Why calls reject after a `stop`. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/**
 * Any store, with faults as a script says. `steps` counts the calls so far, so that a test can sweep over all points
 * at which something may fail.
 */
export function createFaultyStore(inner: Store, script: FaultScript): Store & { readonly steps: number } {
  const calls = new Map<StoreMethod, number>();
  let steps = 0;
  let stopped = false;

  const failing =
    <Args extends unknown[], Result>(
      method: StoreMethod,
      run: (...args: Args) => Promise<Result>,
      corrupt: (args: Args) => void = () => undefined,
    ) =>
    async (...args: Args): Promise<Result> => {
      if (stopped) throw new StoppedError(method);
      const call = (calls.get(method) ?? 0) + 1;
      calls.set(method, call);
      const fault = script({ method, call, step: ++steps });
      if (fault?.kind === 'stop') {
        stopped = true;
        throw new StoppedError(method);
      }
      if (fault?.kind === 'before') throw new UploadError(fault.code, { cause: INJECTED });
      if (fault?.kind === 'corrupt') corrupt(args);
      const result = await run(...args);
      if (fault?.kind === 'after') {
        if (result instanceof Readable) result.destroy();
        throw new UploadError(fault.code, { cause: INJECTED });
      }
      return result;
    };

  return {
    ...inner,
    get steps() {
      return steps;
    },
    ready: failing('ready', inner.ready),
    create: failing('create', inner.create),
    exists: failing('exists', inner.exists),
    write: failing('write', inner.write, ([, , body]) => {
      const piece = body.find(({ byteLength }) => byteLength > 0);
      if (piece) piece[0] = (piece[0] ?? 0) ^ 1;
    }),
    verify: failing('verify', inner.verify),
    sync: failing('sync', inner.sync),
    stage: failing('stage', inner.stage),
    syncStaged: failing('syncStaged', inner.syncStaged),
    publish: failing('publish', inner.publish),
    published: failing('published', inner.published),
    copy: failing('copy', inner.copy),
    discard: failing('discard', inner.discard),
    remove: failing('remove', inner.remove),
    open: failing('open', inner.open),
    giveAway: failing('giveAway', inner.giveAway),
    takeBack: failing('takeBack', inner.takeBack),
    letGo: failing('letGo', inner.letGo),
    removeOrphan: failing('removeOrphan', inner.removeOrphan),
    freeBytes: failing('freeBytes', inner.freeBytes),
    async *entries() {
      if (stopped) throw new StoppedError('entries');
      yield* inner.entries();
    },
  };
}

/** Faults drawn from a seed: `share` of all calls, of the kinds given. The same seed gives the same faults. */
export function seededFaults(seed: number, share: number, kinds: readonly Fault[]): FaultScript {
  let state = seed >>> 0;
  // mulberry32: small, and enough to spread faults.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => {
    const drawn = next();
    const chosen = next();
    return drawn < share ? (kinds[Math.floor(chosen * kinds.length)] ?? null) : null;
  };
}

/** Calls again where a fault was injected, as the server's core does with answers that are `retryable`. */
export function createRetryingStore(inner: Store): Store {
  const again =
    <Args extends unknown[], Result>(run: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      for (;;)
        try {
          return await run(...args);
        } catch (error) {
          if (!(error instanceof Error) || error.cause !== INJECTED) throw error;
        }
    };
  return {
    ...inner,
    ready: again(inner.ready),
    create: again(inner.create),
    exists: again(inner.exists),
    // A body can be handed over once only.
    write: again((upload, chunk, body, options) =>
      inner.write(
        upload,
        chunk,
        body.map((piece) => piece.slice()),
        options,
      ),
    ),
    verify: again(inner.verify),
    sync: again(inner.sync),
    stage: again(inner.stage),
    syncStaged: again(inner.syncStaged),
    publish: again(inner.publish),
    published: again(inner.published),
    copy: again(inner.copy),
    discard: again(inner.discard),
    remove: again(inner.remove),
    open: again(inner.open),
    giveAway: again(inner.giveAway),
    takeBack: again(inner.takeBack),
    letGo: again(inner.letGo),
    removeOrphan: again(inner.removeOrphan),
    freeBytes: again(inner.freeBytes),
  };
}
