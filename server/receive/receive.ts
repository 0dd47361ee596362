import {
  type ChunkFields,
  type Clock,
  isUploadError,
  MIN_MISMATCH_LIMIT,
  MISMATCH_SHARE,
  UploadError,
} from '../../contract/index.js';
import type { Events } from '../events.js';
import type { Claim, ClaimOutcome, Sessions, UploadSession } from '../sessions/sessions.js';
import type { Store } from '../stores/store.js';
import type { Cleanup } from '../upkeep/cleanup.js';
import type { Repair } from '../upkeep/repair.js';
import { type BodySource, checkAnnounced, readBody } from './body/body.js';
import type { RateRules } from './body/rate.js';
import type { Budget } from './budget.js';
import type { InFlight } from './in-flight.js';
import { checkGeometry, repeatedOrRefused } from './receive-errors.js';

export interface Received {
  readonly session: UploadSession;
  /** This chunk was the last one missing. */
  readonly completing: boolean;
}

/** The only entry for a chunk's bytes. */
export type Receive = (
  owner: string,
  fields: ChunkFields,
  body: BodySource,
  request: AbortSignal,
) => Promise<Received>;

export interface ReceiveDeps {
  readonly sessions: Sessions;
  readonly store: Store;
  readonly budget: Budget;
  readonly inFlight: InFlight;
  readonly repair: Repair;
  readonly events: Events;
  readonly cleanup: Cleanup;
  readonly clock: Clock;
  readonly rate: RateRules;
  /** This server process, as chunk records name their writer. */
  readonly writer: string;
  readonly durability: 'file' | 'chunk';
}

export function createReceive(deps: ReceiveDeps): Receive {
  const { sessions, store, budget, inFlight, repair, events, clock } = deps;

  return async (owner, fields, body, request) => {
    const { signal, leave } = inFlight.enter(fields.uploadId, request);
    try {
      const session = await findSession(owner, fields);
      checkGeometry(session, fields);
      checkAnnounced(body, fields.size, fields.index);
      if (session.status !== 'receiving') return await repeatOf(session, fields);
      const giveBack = await budget.take(owner, fields.size, signal);
      try {
        const bytes = await readBody(body, fields, { clock, rate: deps.rate, signal });
        return await writeClaimed(session, fields, bytes, signal);
      } finally {
        giveBack();
      }
    } finally {
      body.discard();
      leave();
    }
  };

  async function findSession(owner: string, fields: ChunkFields): Promise<UploadSession> {
    const session = await sessions.find(owner, fields.uploadId);
    if (session === null) throw new UploadError('UPLOAD_NOT_FOUND', { uploadId: fields.uploadId });
    return session.suspect ? repair.settle(session) : session;
  }

  /** No write is wanted any more: a chunk equal to the accepted one is a success, anything else is too late. */
  async function repeatOf(session: UploadSession, fields: ChunkFields): Promise<Received> {
    const outcome = await claimIndex(fields);
    if (outcome.kind === 'granted') {
      // Assembly found damage and reopened the upload just now.
      await sessions.release(outcome.claim);
      throw new UploadError('SERVER_BUSY', { uploadId: session.id, index: fields.index });
    }
    return repeatedOrRefused(outcome, fields);
  }

  async function writeClaimed(
    session: UploadSession,
    fields: ChunkFields,
    bytes: Uint8Array[],
    signal: AbortSignal,
  ): Promise<Received> {
    const outcome = await claimIndex(fields);
    if (outcome.kind !== 'granted') return repeatedOrRefused(outcome, fields);
    const { claim } = outcome;
    try {
      const written = await store.write(session, fields, bytes, {
        sync: deps.durability === 'chunk',
        signal,
      });
      if (!written.ok) return await refuseMismatch(session, claim, written.received);
      return await acceptClaimed(claim, fields);
    } catch (error) {
      await sessions.release(claim);
      if (isUploadError(error) && error.code === 'STORE_UNAVAILABLE') await repair.restage(session);
      throw error;
    }
  }

  /** Waits while another request holds the index: bounded by the disk, never by the network, since bodies are here. */
  async function claimIndex(fields: ChunkFields): Promise<Exclude<ClaimOutcome, { kind: 'busy' }>> {
    for (;;) {
      const outcome = await sessions.claim({ ...fields, now: clock.now() });
      if (outcome.kind !== 'busy') return outcome;
      await sessions.whenReleased(fields.uploadId, fields.index);
    }
  }

  async function acceptClaimed(claim: Claim, fields: ChunkFields): Promise<Received> {
    const outcome = await sessions.accept(claim, {
      size: fields.size,
      writer: deps.writer,
      synced: deps.durability === 'chunk',
      now: clock.now(),
    });
    if (outcome.kind !== 'accepted') return repeatedOrRefused(outcome, fields);
    events.publish(outcome.session);
    return { session: outcome.session, completing: outcome.completing };
  }

  async function refuseMismatch(session: UploadSession, claim: Claim, received: string): Promise<never> {
    const { index, hash: expected } = claim;
    await sessions.release(claim);
    const limit = Math.max(MIN_MISMATCH_LIMIT, Math.floor(session.total / MISMATCH_SHARE));
    const count = await sessions.countMismatch(session.id, limit, clock.now());
    if (count?.failed) {
      deps.cleanup.endedSoon(session.id);
      throw new UploadError('RETRIES_EXHAUSTED', { uploadId: session.id, index });
    }
    const retriesLeft = count?.retriesLeft ?? 0;
    throw new UploadError('CHUNK_HASH_MISMATCH', {
      uploadId: session.id,
      index,
      expected,
      received,
      retriesLeft,
    });
  }
}
