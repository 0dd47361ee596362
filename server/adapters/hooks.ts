import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { CHUNK_CONTENT_TYPE, type Clock } from '../../contract/index.js';
import { breakOff, type NodeRequest } from '../receive/body/node.js';
import { isChunkRequest, keepBody } from '../request.js';

type NodeResponse = ServerResponse | Http2ServerResponse;

/** For tRPC's standalone adapter (its option `middleware`), and for Express before tRPC's middleware. HTTP/1 and 2. */
export type NodeHook = (request: NodeRequest, response: NodeResponse, next: () => void) => void;

/** The part of a Fastify instance that the hook uses. */
export interface FastifyLike {
  hasContentTypeParser(contentType: string): boolean;
  addContentTypeParser(
    contentType: string,
    parser: (
      request: { raw: NodeRequest },
      payload: NodeRequest,
      done: (error: Error | null, body?: unknown) => void,
    ) => void,
  ): unknown;
  addHook(
    name: 'onRequest',
    hook: (request: { raw: NodeRequest }, reply: { raw: NodeResponse }, done: () => void) => void,
  ): unknown;
}

export type FastifyHook = (app: FastifyLike, options: unknown, done: (error?: Error) => void) => void;

interface HookDeps {
  readonly clock: Clock;
  /** How long the rest of a refused body may go on arriving. */
  readonly drainMs: number;
}

/**
 * A chunk that was answered before its body had come (a refusal, by whoever) leaves the rest on the connection. Node
 * reads and drops it, however long that takes; here it ends.
 */
function limitLeftovers(request: NodeRequest, response: NodeResponse, { clock, drainMs }: HookDeps): void {
  if (!isChunkRequest(request)) return;
  response.once('finish', () => {
    if (request.complete) return;
    const cancel = clock.after(drainMs, () => breakOff(request));
    request.once('close', cancel);
  });
}

export function createNodeHook(deps: HookDeps): NodeHook {
  return (request, response, next) => {
    keepBody(request);
    limitLeftovers(request, response, deps);
    next();
  };
}

/** A Fastify plugin, for the instance that it is registered on and everything below it. */
export function createFastifyHook(deps: HookDeps): FastifyHook {
  const plugin: FastifyHook = (app, _options, done) => {
    if (app.hasContentTypeParser(CHUNK_CONTENT_TYPE)) {
      done(
        new Error(
          `Register chunkwise before other parsers of ${CHUNK_CONTENT_TYPE}: it passes on what is not a chunk.`,
        ),
      );
      return;
    }
    app.addHook('onRequest', (request, reply, next) => {
      limitLeftovers(request.raw, reply.raw, deps);
      next();
    });
    app.addContentTypeParser(CHUNK_CONTENT_TYPE, (request, payload, parsed) => {
      keepBody(request.raw);
      // Anybody else's binary body goes on as the stream that it is.
      parsed(null, isChunkRequest(request.raw) ? '' : payload);
    });
    done();
  };
  // Fastify's own way to say: not in a scope of its own.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}
