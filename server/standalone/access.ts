import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readCookies } from './cookie.js';
import { isOwnRequest } from './origins.js';
import type { SignIns } from './sign-ins.js';

type Headed = Pick<FastifyRequest, 'headers'>;

/** Who may use the server. */
export interface Access {
  /** Everybody may. */
  readonly isOpen: boolean;
  /** By the token as a bearer, or by the cookie of somebody who signed in on the page that this server shows. */
  isAllowed(request: Headed): boolean;
  isToken(text: string): boolean;
  /** The secret of who is signed in, where the request comes from our own page. */
  signedIn(request: Headed): string | null;
  /** Answers to who is signed in end when that does. */
  hold(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** @param token null: none is asked for */
export function createAccess(token: string | null, signIns: SignIns): Access {
  const expected = token === null ? null : sha256(token);
  // Compared in constant time.
  const isToken = (text: string) => expected !== null && timingSafeEqual(sha256(text), expected);

  function hasBearer({ headers }: Headed): boolean {
    const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return bearer !== undefined && isToken(bearer);
  }

  /** A cookie is sent along by the browser, whoever asks: it counts only where our own page does, reading included. */
  function signedIn({ headers }: Headed): string | null {
    const secrets = isOwnRequest(headers) ? readCookies(headers) : [];
    return secrets.find(signIns.has) ?? null;
  }

  return {
    isOpen: expected === null,
    isAllowed: (request) => expected === null || hasBearer(request) || signedIn(request) !== null,
    isToken,
    signedIn,
    async hold(request, reply) {
      const secret = hasBearer(request) ? null : signedIn(request);
      if (secret !== null) signIns.hold(secret, reply.raw);
    },
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
