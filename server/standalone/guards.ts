import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, ERRORS, type ErrorCode, SERVE_DEFAULTS } from '../../contract/index.js';
import { isChunkRequest } from '../request.js';
import { isOwnOrigin } from './origins.js';

type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * Answers only requests that name a host of ours: a page of somebody else that points its own name at this machine
 * (DNS rebinding) gets 421.
 */
export function hostGuard(allowed: readonly string[]): Guard {
  const names = new Set(['localhost', '127.0.0.1', '[::1]', ...allowed.map((host) => host.toLowerCase())]);
  return async (request, reply) => {
    if (names.has(hostName(request.headers.host ?? request.headers[':authority'] ?? ''))) return;
    return reply
      .code(421)
      .send({ error: 'This server does not answer for that host. Start it with --allowed-host.' });
  };
}

/** Changes come from our own pages and from programs: a browser names the page that asks, and only ours may. */
export function originGuard(allowedOrigins: readonly string[]): Guard {
  return async (request, reply) => {
    const { origin, host } = request.headers;
    if (
      request.method === 'GET' ||
      request.method === 'HEAD' ||
      request.method === 'OPTIONS' ||
      origin === undefined
    )
      return;
    if (allowedOrigins.includes(origin) || isOwnOrigin(origin, host)) return;
    return reply
      .code(403)
      .send({ error: 'Requests of this page are not allowed. Start the server with --allowed-origin.' });
  };
}

/** What is told of uploads, and of who is signed in, stays in no cache. */
export const notStored: Guard = async (_request, reply) => void reply.header('cache-control', 'no-store');

/** Forms of other pages can send multipart bodies without asking first; uploads need none. */
export const multipartGuard: Guard = async (request, reply) => {
  if (!request.headers['content-type']?.toLowerCase().startsWith('multipart/')) return;
  return reply.code(415).send({ error: 'This server takes no multipart bodies.' });
};

/**
 * Closes a connection whose body does not arrive, whatever the method and the answer. The body of a chunk has a rate
 * to keep while it is received; what is left of it after the answer (a refusal) has the same time as any other.
 */
export function slowBodyGuard(clock: Clock): Guard {
  return async ({ raw }, { raw: response }) => {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = raw.headers;
    if (encoding === undefined && Number(length) === 0) return;
    const limit = () => {
      if (raw.complete) return;
      const cancel = clock.after(SERVE_DEFAULTS.jsonBodyMs, () => raw.destroy());
      raw.once('end', cancel).once('close', cancel);
    };
    if (isChunkRequest(raw)) response.once('finish', limit);
    else limit();
  };
}

/** An answer outside tRPC, in the words of the error table. */
export function sendError(reply: FastifyReply, code: ErrorCode, message: string = ERRORS[code].message) {
  const { status } = ERRORS[code];
  return reply.code(status ?? 500).send({ error: message, code });
}

/** Without the port, brackets of IPv6 kept. */
function hostName(host: string | string[]): string {
  return String(host).toLowerCase().replace(/:\d+$/, '');
}
