import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { SERVE_DEFAULTS } from '../../contract/index.js';
import type { Access } from './access.js';
import { writeCookie } from './cookie.js';
import { notStored, sendError } from './guards.js';
import type { SignIns } from './sign-ins.js';

/**
 * `/session`, for browsers: GET tells whether a token is asked for and who asks is signed in, POST `{ "token": ... }`
 * signs in, DELETE signs out. The token itself stays here: the cookie is a secret of its own, which scripts cannot read.
 */
export async function sessionRoutes(
  app: FastifyInstance,
  { access, signIns }: { access: Access; signIns: SignIns },
): Promise<void> {
  app.addHook('onRequest', notStored);

  app.get('/session', (request) => ({ required: !access.isOpen, signedIn: access.isAllowed(request) }));

  app.delete('/session', (request, reply) => {
    const secret = access.signedIn(request);
    if (secret !== null) signIns.end(secret, reply.raw);
    return reply.header('set-cookie', writeCookie(request.headers, null)).code(204).send();
  });

  await app.register(async (scope) => {
    // Of its own, whatever the operator allows of other requests: this is where a token can be guessed.
    await scope.register(rateLimit, { max: SERVE_DEFAULTS.signInsPerMinute, timeWindow: '1 minute' });
    scope.post('/session', { bodyLimit: SERVE_DEFAULTS.signInBodyBytes }, (request, reply) => {
      if (access.isOpen)
        return reply.code(404).send({ error: 'Nobody needs to sign in: this server asks for no token.' });
      const token = tokenIn(request.body);
      if (token === null) return sendError(reply, 'INPUT_INVALID', 'Send JSON of the form {"token":"..."}.');
      if (!access.isToken(token))
        return sendError(
          reply,
          'UNAUTHORIZED',
          'This is not the token of this server. Check it and try again.',
        );
      return reply
        .header('set-cookie', writeCookie(request.headers, signIns.begin()))
        .send({ required: true, signedIn: true });
    });
  });
}

function tokenIn(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Object.keys(body).length !== 1) return null;
  return 'token' in body && typeof body.token === 'string' ? body.token : null;
}
