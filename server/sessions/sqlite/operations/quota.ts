import { and, eq, sql } from 'drizzle-orm';
import type { Quota } from '../../sessions.js';
import { uploads } from '../schema.js';
import type { Db } from './operation.js';
import { given, prepared } from './prepared.js';
import { matching, throughIndex } from './rows.js';

const usage = prepared((db) =>
  db
    .select({ bytes: sql<number>`total(${uploads.size})`, uploads: sql<number>`count(*)` })
    .from(throughIndex('uploads_size'))
    .where(and(eq(uploads.owner, given.owner), matching))
    .prepare(),
);

/** The owner's live uploads, and `added` to them, stay within the quota. */
export function fitsQuota(
  db: Db,
  owner: string,
  quota: Quota,
  added: { bytes: number; uploads: number },
): boolean {
  if (quota.maxBytes === null && quota.maxUploads === null) return true;
  const used = usage(db).get({ owner });
  const bytes = (used?.bytes ?? 0) + added.bytes;
  const count = (used?.uploads ?? 0) + added.uploads;
  return bytes <= (quota.maxBytes ?? bytes) && count <= (quota.maxUploads ?? count);
}
