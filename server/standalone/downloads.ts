import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUploadError } from '../../contract/index.js';
import type { Logger } from '../log.js';
import type { Uploads } from '../uploads.js';
import { sendError } from './guards.js';

type OfFile = { Params: { id: string } };

/**
 * `GET /files/<uploadId>`: a completed file, as an attachment that no browser runs. `DELETE` removes it; an unfinished
 * upload is aborted instead.
 */
export function downloads(
  app: FastifyInstance,
  deps: {
    uploads: Pick<Uploads<never>, 'files'>;
    ownerOf: (request: FastifyRequest) => string | null;
    log: Logger;
  },
): void {
  const { uploads, ownerOf, log } = deps;
  app.get<OfFile>('/files/:id', async (request, reply) => {
    const owner = ownerOf(request);
    reply.hijack();
    // What plugins said of every answer, such as CORS, is on the reply, which is not used.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    await uploads.files.serve(request.raw, reply.raw, { id: request.params.id, owner });
  });

  app.delete<OfFile>('/files/:id', async (request, reply) => {
    const owner = ownerOf(request);
    if (owner === null) return sendError(reply, 'UNAUTHORIZED');
    const { id: uploadId } = request.params;
    try {
      if (await uploads.files.remove(uploadId, { owner })) return reply.code(204).send();
      return sendError(reply, 'UPLOAD_NOT_FOUND', 'There is no such file.');
    } catch (error) {
      log.error({ uploadId, error }, 'a file cannot be removed');
      return sendError(reply, isUploadError(error) ? error.code : 'INTERNAL');
    }
  });
}
