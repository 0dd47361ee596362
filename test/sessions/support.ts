import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import { chunkAt, type Status } from '../../contract/index.js';
import type {
  AcceptOutcome,
  Claim,
  ClaimOutcome,
  ExpiryRules,
  Lease,
  NewUpload,
  Quota,
  Sessions,
  UploadSession,
} from '../../server/sessions/sessions.js';

/** Sessions on data of their own. Disposing removes the data. */
export interface Fixture extends AsyncDisposable {
  readonly sessions: Sessions;
  /** Ends the sessions, as a stopping server does, and opens the same data again. */
  restart(): Promise<Sessions>;
}

export type MakeSessions = (expiry: ExpiryRules) => Promise<Fixture>;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const EXPIRY: ExpiryRules = { idleMs: DAY, maxLifetimeMs: 7 * DAY };
export const T0 = Date.UTC(2026, 0, 1);
export const UNLIMITED: Quota = { maxBytes: null, maxUploads: null };
export const OWNER = 'owner';

export const hashOf = (content: string) => createHash('sha256').update(content).digest('hex');
export const fileHash = (content: string, total = 3) => `${hashOf(content)}-${total}`;

/** Three chunks of 4, 4 and 2 bytes, unless said otherwise. */
export function newUpload(over: Partial<NewUpload> = {}): NewUpload {
  const { size = 10, chunkSize = 4 } = over;
  const total = over.total ?? Math.max(1, Math.ceil(size / chunkSize));
  const id = over.id ?? ulid();
  return {
    id,
    owner: OWNER,
    policy: 'default',
    name: 'film.mp4',
    relativePath: null,
    type: null,
    lastModified: null,
    metadata: null,
    size,
    mode: 'chunked',
    chunkSize,
    total,
    // Of its own content, so that uploads meet only where a test wants it.
    declaredHash: fileHash(id, total),
    copyFrom: null,
    ...over,
  };
}

export async function created(sessions: Sessions, over: Partial<NewUpload> = {}, now = T0) {
  const outcome = await sessions.create(newUpload(over), UNLIMITED, now);
  if (outcome.kind !== 'created') throw new Error(`not created: ${outcome.kind}`);
  return outcome.session;
}

export function granted(outcome: ClaimOutcome): Claim {
  if (outcome.kind !== 'granted') throw new Error(`not granted: ${outcome.kind}`);
  return outcome.claim;
}

export function accepted(outcome: AcceptOutcome): Extract<AcceptOutcome, { kind: 'accepted' }> {
  if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${outcome.kind}`);
  return outcome;
}

export const chunkHashOf = (session: { id: string }, index: number) => hashOf(`${session.id} ${index}`);

export function acceptanceOf(
  session: UploadSession,
  index: number,
  over: { synced?: boolean; writer?: string } = {},
) {
  return {
    size: chunkAt(session, session.size, index).size,
    writer: 'this process',
    synced: false,
    now: T0,
    ...over,
  };
}

export async function claimChunk(
  sessions: Sessions,
  session: UploadSession,
  index: number,
  now = T0,
): Promise<Claim> {
  const hash = chunkHashOf(session, index);
  return granted(await sessions.claim({ uploadId: session.id, index, hash, now }));
}

/** Claims and accepts one chunk, as a request does whose bytes were written. */
export async function send(
  sessions: Sessions,
  session: UploadSession,
  index: number,
  over: { synced?: boolean; writer?: string } = {},
) {
  const claim = await claimChunk(sessions, session, index);
  return accepted(await sessions.accept(claim, acceptanceOf(session, index, over)));
}

export async function sendAll(sessions: Sessions, session: UploadSession): Promise<UploadSession> {
  await Promise.all(Array.from({ length: session.total }, (_, index) => send(sessions, session, index)));
  return existing(sessions, session.id);
}

export async function existing(sessions: Sessions, id: string): Promise<UploadSession> {
  const session = await sessions.get(id);
  if (!session) throw new Error(`no session ${id}`);
  return session;
}

export async function leased(sessions: Sessions, id: string, now = T0, holder = 'me'): Promise<Lease> {
  const taken = await sessions.takeLease(holder, 30_000, now, id);
  if (!taken) throw new Error('no lease');
  return taken.lease;
}

export async function complete(
  sessions: Sessions,
  id: string,
  over: { hookDue?: boolean; now?: number } = {},
) {
  const { hookDue = false, now = T0 } = over;
  const lease = await leased(sessions, id, now);
  await sessions.beginPublish(lease, UNLIMITED, now);
  const { declaredHash } = await existing(sessions, id);
  const published = { path: `files/${id}/film.mp4`, hash: declaredHash ?? fileHash(id), hookDue };
  const session = await sessions.complete(lease, published, now);
  if (!session) throw new Error('not completed');
  return session;
}

/** A new session in a status, reached by the moves that lead there. */
export async function inStatus(sessions: Sessions, status: Status, over: Partial<NewUpload> = {}) {
  const session = await created(sessions, over);
  if (status === 'aborted') await sessions.abort(session.owner, session.id, T0);
  if (status === 'failed') await sessions.countMismatch(session.id, 0, T0);
  if (status === 'expired') await sessions.expire(session.expiresAt, 1_000);
  if (status === 'assembling' || status === 'completed' || status === 'gone')
    await sendAll(sessions, session);
  if (status === 'completed' || status === 'gone') await complete(sessions, session.id);
  if (status === 'gone') await sessions.markGone(session.id, T0);
  return existing(sessions, session.id);
}
