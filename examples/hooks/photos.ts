/** The app's own table, in its own database file. */
import Database from 'better-sqlite3';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

const photos = sqliteTable('photos', {
  id: integer().primaryKey({ autoIncrement: true }),
  // Unique: however often the hook is called, an upload has one row.
  uploadId: text('upload_id').notNull().unique(),
  owner: text().notNull(),
  album: text().notNull(),
  file: text().notNull(),
  bytes: integer().notNull(),
});

export type NewPhoto = Omit<typeof photos.$inferInsert, 'id'>;
export type Photos = ReturnType<typeof openPhotos>;

export function openPhotos(file: string) {
  const sqlite = new Database(file);
  sqlite.pragma('journal_mode = WAL');
  // Stands for your own migrations.
  sqlite.exec(`CREATE TABLE IF NOT EXISTS photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT, upload_id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL, album TEXT NOT NULL, file TEXT NOT NULL, bytes INTEGER NOT NULL)`);
  const db = drizzle(sqlite);
  return {
    /** The row of this upload: made by the first call, found by every other one. */
    record(photo: NewPhoto): { id: number } {
      db.insert(photos).values(photo).onConflictDoNothing({ target: photos.uploadId }).run();
      const row = db.select({ id: photos.id }).from(photos).where(eq(photos.uploadId, photo.uploadId)).get();
      if (row === undefined) throw new Error(`the row of upload ${photo.uploadId} was deleted meanwhile`);
      return row;
    },
    all: () => db.select().from(photos).all(),
    close: () => sqlite.close(),
  };
}
