import { z } from 'zod';
import { CHUNK_HEADER, decodeChunkHeader, UploadError } from '../../contract/index.js';
import * as schemas from '../../contract/schemas.js';
import type { BodySource } from '../receive/body/body.js';
import { memoryBody } from '../receive/body/web.js';
import type { UploadRequest } from '../request.js';
import { progressOf } from '../views.js';
import type { BaseProcedure, ProcedureDeps } from './base.js';

const input = schemas.chunkFields.extend({ data: z.custom<BodySource>() });

/**
 * `chunk`: the fields come in a header, the bytes are the body. Both are put together here, before the schema, so
 * that the rest is a procedure like any other.
 */
export function chunkProcedure(base: BaseProcedure, { core }: ProcedureDeps) {
  return base
    .use(async ({ ctx, next, getRawInput }) => {
      try {
        return await next({ getRawInput: async () => chunkInput(ctx.chunkwise, getRawInput) });
      } finally {
        ctx.chunkwise.discard();
      }
    })
    .input(input)
    .output(schemas.progress)
    .mutation(async ({ ctx, input: { data, ...fields }, signal }) => {
      const request = signal ?? new AbortController().signal;
      const { session } = await core.receive(ctx.owner, fields, data, request);
      if (session.status !== 'assembling') return progressOf(session, fields.index);
      // Also for a repeat: the answer that was to begin it may have been lost on its way from the database.
      core.assembler.kick(session.id);
      const outcome = await core.assembler.outcome(session.id, core.completionWaitMs, signal);
      return progressOf(outcome ?? session, fields.index);
    });
}

async function chunkInput(request: UploadRequest, getRawInput: () => Promise<unknown>): Promise<unknown> {
  if (request.header !== null) {
    const fields = decodeChunkHeader(request.header);
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      throw new UploadError('INPUT_INVALID', { message: 'The chunk header is not encoded JSON of a chunk.' });
    return { ...fields, data: request.takeBody() };
  }
  // Before anything is read: transformers such as superjson make bytes of megabytes of text.
  if (!request.isLocal)
    throw new UploadError('INPUT_INVALID', {
      message: `A chunk is the body of a request with the header ${CHUNK_HEADER}. In tRPC's client, put \`uploadLink\` first in \`links\`; in the server's own code, make the context by \`uploads.context()\`, without a request.`,
    });
  const raw = await getRawInput();
  const data = (raw as { data?: unknown } | null | undefined)?.data;
  if (data instanceof Blob || data instanceof Uint8Array)
    return { ...(raw as object), data: memoryBody(data) };
  throw new UploadError('INPUT_INVALID', {
    message: '"data" must be a Blob or a Uint8Array.',
  });
}
