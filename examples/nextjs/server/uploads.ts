import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
import { z } from 'zod';
import type { User } from './session';

export interface Context extends UploadsContext {
  user: User | null;
}

export const uploads = createUploads({
  // A disk that lasts, outside of the folder that a deployment replaces.
  root: process.env.UPLOADS_ROOT ?? './uploads',
  owner: (ctx: Context) => ctx.user?.id ?? null,
  policies: {
    albums: policy({
      types: ['image/*', 'video/*'],
      maxFileSize: 20 * 1024 ** 3,
      input: z.object({ album: z.string().trim().min(1).max(100) }),
      completed: (upload) => ({ album: upload.metadata.album, href: `/files/${upload.uploadId}` }),
    }),
  },
});
