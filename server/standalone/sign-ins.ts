import { createHash, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Clock, SERVE_DEFAULTS } from '../../contract/index.js';

/** Who is signed in by a cookie. In memory: a restart of the server signs everybody out. */
export interface SignIns {
  /** @returns a secret that stands for the token from now on, for SERVE_DEFAULTS.sessionMs */
  begin(): string;
  has(secret: string): boolean;
  /** Notes that an answer is given under this secret: when that ends, the answer is cut off. */
  hold(secret: string, response: ServerResponse): void;
  /** Ends it, and cuts off every answer given under it but `except`. No effect where it is not known. */
  end(secret: string, except?: ServerResponse): void;
  close(): void;
}

interface SignIn {
  readonly answers: Set<ServerResponse>;
  readonly cancelExpiry: () => void;
}

export function createSignIns(clock: Clock, { sessionMs, maxSessions } = SERVE_DEFAULTS): SignIns {
  /** By the hash of the secret, so that looking one up takes no time that tells of others. The oldest first. */
  const signIns = new Map<string, SignIn>();

  function endBy(key: string, except?: ServerResponse): void {
    const found = signIns.get(key);
    if (found === undefined) return;
    signIns.delete(key);
    found.cancelExpiry();
    for (const answer of found.answers) if (answer !== except) answer.destroy();
  }

  return {
    begin() {
      const secret = randomBytes(32).toString('base64url');
      const key = keyOf(secret);
      signIns.set(key, {
        answers: new Set(),
        cancelExpiry: clock.after(sessionMs, () => endBy(key)),
      });
      const [oldest] = signIns.keys();
      if (signIns.size > maxSessions && oldest !== undefined) endBy(oldest);
      return secret;
    },
    has: (secret) => signIns.has(keyOf(secret)),
    hold(secret, response) {
      const answers = signIns.get(keyOf(secret))?.answers;
      if (answers === undefined) return;
      answers.add(response);
      response.once('close', () => answers.delete(response));
    },
    end: (secret, except) => endBy(keyOf(secret), except),
    close() {
      for (const key of [...signIns.keys()]) endBy(key);
    },
  };
}

function keyOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
