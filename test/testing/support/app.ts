import { initTRPC, TRPCError } from '@trpc/server';
import Database from 'better-sqlite3';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import superjson from 'superjson';
import { z } from 'zod';
import { KiB } from '../../../contract/index.js';
import { policy, type Uploads, type UploadsContext } from '../../../server/index.js';

/** An app as users write theirs: a table of its own, typed policies with hooks, a protected procedure, superjson. */
const photos = sqliteTable('photos', {
  id: integer().primaryKey(),
  uploadId: text().notNull().unique(),
  owner: text().notNull(),
  album: text().notNull(),
  path: text().notNull(),
});

export interface User {
  id: string;
  banned?: boolean;
}

export interface Context extends UploadsContext {
  user: User | null;
}

/** Small chunks, so that small files have several. */
export const CHUNK = 256 * KiB;

export function createDatabase() {
  const sqlite = new Database(':memory:');
  sqlite.exec(
    'create table photos (id integer primary key, uploadId text not null unique, owner text not null, album text not null, path text not null)',
  );
  const db = drizzle(sqlite);
  return {
    photosOf: (owner: string) => db.select().from(photos).where(eq(photos.owner, owner)).all(),
    addPhoto: (photo: Omit<typeof photos.$inferInsert, 'id'>) =>
      db.insert(photos).values(photo).onConflictDoNothing().run(),
    idOf: (uploadId: string) => db.select().from(photos).where(eq(photos.uploadId, uploadId)).get()?.id ?? 0,
  };
}

export type Db = ReturnType<typeof createDatabase>;

export function createPolicies(db: Db) {
  return {
    photos: policy({
      threshold: CHUNK,
      chunkSize: CHUNK,
      types: ['image/*'],
      input: z.object({ album: z.string().min(1) }),
      authorize: ({ metadata }) => metadata.album !== 'closed' || 'This album is closed.',
      completed({ uploadId, owner, metadata }, { path }) {
        db.addPhoto({ uploadId, owner, album: metadata.album, path });
        return { photo: db.idOf(uploadId), album: metadata.album };
      },
    }),
    notes: policy({ maxFileSize: 10 * KiB }),
  };
}

export type AppPolicies = ReturnType<typeof createPolicies>;

export const owner = (ctx: Context) => ctx.user?.id ?? null;

export function createAppRouter(uploads: Uploads<Context, AppPolicies>, db: Db) {
  const t = initTRPC.context<Context>().create({ transformer: superjson, isDev: false });
  const protectedProcedure = t.procedure.use(({ ctx, next }) => {
    if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
    if (ctx.user.banned) throw new TRPCError({ code: 'FORBIDDEN', message: 'You are banned.' });
    return next({ ctx: { user: ctx.user } });
  });
  return t.router({
    uploads: uploads.procedures(protectedProcedure),
    photos: protectedProcedure.query(({ ctx }) => ({ at: new Date(0), rows: db.photosOf(ctx.user.id) })),
    count: protectedProcedure.input(z.instanceof(FormData)).mutation(({ input }) => [...input.keys()].length),
  });
}

/** Bytes that differ from position to position. */
export function image(size: number, name = 'holiday.png', type = 'image/png'): File {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 255);
  return new File([bytes], name, { type });
}
