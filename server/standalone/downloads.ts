import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Uploads } from '../uploads.js';

/** `GET /files/<uploadId>`: a completed file, as an attachment that no browser runs. */
export function downloads(
  app: FastifyInstance,
  deps: {
    uploads: Pick<Uploads<never>, 'files'>;
    ownerOf: (request: FastifyRequest) => string | null;
  },
): void {
  const { uploads, ownerOf } = deps;
  app.get<{ Params: { id: string } }>('/files/:id', async (request, reply) => {
    const owner = ownerOf(request);
    reply.hijack();
    // What plugins said of every answer, such as CORS, is on the reply, which is not used.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    await uploads.files.serve(request.raw, reply.raw, { id: request.params.id, owner });
  });
}
