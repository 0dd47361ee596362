import contentDisposition from 'content-disposition';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { uploadId } from '../../contract/schemas.js';
import type { Uploads } from '../uploads.js';
import { sendError } from './guards.js';

/** What a header can carry: lone surrogates have no encoding, and NUL ends the header for some clients. */
function headerText(name: string): string {
  return name.replace(/\p{Surrogate}/gu, '\ufffd').replaceAll('\0', '');
}

/**
 * `GET /files/<uploadId>`: a completed file, as an attachment that no browser runs. Ranges and conditional requests
 * are the static plugin's.
 */
export function downloads(
  app: FastifyInstance,
  deps: { uploads: Uploads<never>; ownerOf: (request: FastifyRequest) => string | null },
): void {
  const { uploads, ownerOf } = deps;
  app.get<{ Params: { id: string } }>('/files/:id', async (request, reply) => {
    const owner = ownerOf(request);
    if (owner === null) return sendError(reply, 'UNAUTHORIZED');
    const { id } = request.params;
    const file = uploadId.safeParse(id).success ? await uploads.files.stat(id) : null;
    if (file === null || file.owner !== owner) return sendError(reply, 'UPLOAD_NOT_FOUND');
    reply.header('content-disposition', contentDisposition(headerText(file.name), { type: 'attachment' }));
    reply.header('content-security-policy', "sandbox; default-src 'none'");
    reply.header('cache-control', 'private, no-cache');
    reply.type('application/octet-stream');
    return reply.sendFile(file.path);
  });
}
