import { EXPIRY_GRAIN_MS } from '../../../../contract/index.js';
import type { ExpiryRules, UploadSession } from '../../sessions.js';
import { change } from './moves.js';
import type { Db } from './operation.js';

/** When a session that is used at `now` expires. */
export function expiryAfter(createdAt: number, now: number, rules: ExpiryRules): number {
  return Math.min(now + rules.idleMs, createdAt + rules.maxLifetimeMs);
}

/** No use of the session can put off its expiry any more. */
export function outlived(session: UploadSession, now: number, rules: ExpiryRules): boolean {
  return session.createdAt + rules.maxLifetimeMs <= now;
}

/** Writes a later expiry of a `receiving` session where it is worth a write. */
export function putOff(db: Db, session: UploadSession, now: number, rules: ExpiryRules): UploadSession {
  const expiresAt = expiryAfter(session.createdAt, now, rules);
  if (session.status !== 'receiving' || expiresAt - session.expiresAt <= EXPIRY_GRAIN_MS) return session;
  return change(db, session.id, 'receiving', { expiresAt }) ?? session;
}
