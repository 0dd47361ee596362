import type { IncomingMessage, ServerResponse } from 'node:http';
import { CHUNK_CONTENT_TYPE } from '../../contract/index.js';
import { isChunkRequest, keepBody } from '../request.js';

/** For tRPC's standalone adapter (its option `middleware`), and for Express before tRPC's middleware. */
export type NodeHook = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

export const nodeHook: NodeHook = (request, _response, next) => {
  keepBody(request);
  next();
};

/** The part of a Fastify instance that the hook uses. */
export interface FastifyLike {
  hasContentTypeParser(contentType: string): boolean;
  addContentTypeParser(
    contentType: string,
    parser: (
      request: { raw: IncomingMessage },
      payload: IncomingMessage,
      done: (error: Error | null, body?: unknown) => void,
    ) => void,
  ): unknown;
}

export type FastifyHook = (app: FastifyLike, options: unknown, done: (error?: Error) => void) => void;

/** A Fastify plugin, for the instance that it is registered on and everything below it. */
export const fastifyHook: FastifyHook = Object.assign(
  (app: FastifyLike, _options: unknown, done: (error?: Error) => void) => {
    if (app.hasContentTypeParser(CHUNK_CONTENT_TYPE)) {
      done(
        new Error(
          `Register chunkwise before other parsers of ${CHUNK_CONTENT_TYPE}: it passes on what is not a chunk.`,
        ),
      );
      return;
    }
    app.addContentTypeParser(CHUNK_CONTENT_TYPE, (request, payload, parsed) => {
      keepBody(request.raw);
      // Anybody else's binary body goes on as the stream that it is.
      parsed(null, isChunkRequest(request.raw) ? '' : payload);
    });
    done();
  },
  // Fastify's own way to say: not in a scope of its own.
  { [Symbol.for('skip-override')]: true },
);
