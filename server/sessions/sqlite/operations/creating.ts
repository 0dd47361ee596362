import { createHash } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import { type Metadata, UploadError } from '../../../../contract/index.js';
import type { CreateOutcome, ExpiryRules, NewUpload, Quota, UploadSession } from '../../sessions.js';
import { chunks, uploads } from '../schema.js';
import { sessionColumns } from './columns.js';
import { expiryAfter, outlived, putOff } from './expiry.js';
import { move } from './moves.js';
import { type Db, writing } from './operation.js';
import { fitsQuota } from './quota.js';
import { matching, selectSessions, sessionById } from './rows.js';

export interface CreateArgs {
  readonly upload: NewUpload;
  readonly quota: Quota;
  readonly expiry: ExpiryRules;
  readonly now: number;
}

export const create = writing((db, { upload, quota, expiry, now }: CreateArgs): CreateOutcome => {
  const metadataHash = hashOf(upload.metadata);
  const same = sameIdentity(db, upload, metadataHash);
  if (same?.status === 'receiving' && outlived(same, now, expiry))
    move(db, 'receiving', 'expired', eq(uploads.id, same.id), { endedAt: now });
  else if (same) return { kind: 'joined', session: putOff(db, same, now, expiry) };

  if (!fitsQuota(db, upload.owner, quota, { bytes: upload.size, uploads: 1 })) return { kind: 'quota' };
  const source = sourceOf(db, upload);
  const session = db
    .insert(uploads)
    .values({
      ...upload,
      metadataHash,
      copyFrom: source?.id ?? null,
      hash: upload.declaredHash,
      status: 'receiving',
      staged: true,
      createdAt: now,
      expiresAt: expiryAfter(now, now, expiry),
    })
    .returning(sessionColumns)
    .get();
  return { kind: 'created', session: source ? takeOverChunks(db, session, source, now) : session };
});

function sameIdentity(db: Db, upload: NewUpload, metadataHash: string | null): UploadSession | undefined {
  if (upload.declaredHash === null) return undefined;
  const relativePath =
    upload.relativePath === null ? null : sql.param(upload.relativePath, uploads.relativePath);
  const metadata = metadataHash === null ? null : sql.param(metadataHash, uploads.metadataHash);
  return selectSessions(db)
    .where(
      and(
        eq(uploads.owner, upload.owner),
        eq(uploads.policy, upload.policy),
        eq(uploads.declaredHash, upload.declaredHash),
        eq(uploads.size, upload.size),
        eq(uploads.chunkSize, upload.chunkSize),
        eq(uploads.name, upload.name),
        sql`quote(${uploads.relativePath}) = quote(${relativePath})`,
        sql`quote(${uploads.metadataHash}) = quote(${metadata})`,
        matching,
      ),
    )
    .get();
}

/** Members in any order are the same metadata. */
function hashOf(metadata: Metadata | null): string | null {
  if (metadata === null) return null;
  return createHash('sha256').update(sorted(metadata)).digest('hex');
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The completed upload whose file and chunk records the new one may take over. */
function sourceOf(db: Db, upload: NewUpload): UploadSession | null {
  const source = upload.copyFrom === null ? null : sessionById(db, upload.copyFrom);
  const fits =
    source?.status === 'completed' &&
    source.owner === upload.owner &&
    source.hash === upload.declaredHash &&
    source.size === upload.size &&
    source.chunkSize === upload.chunkSize &&
    source.total === upload.total;
  return fits ? source : null;
}

function takeOverChunks(db: Db, session: UploadSession, source: UploadSession, now: number): UploadSession {
  const copied = db.run(sql`
    insert into chunks (upload_id, "index", hash, seq, writer, suspect)
    select ${session.id}, "index", hash, seq, null, 0 from ${chunks} where ${chunks.uploadId} = ${source.id}`);
  const [moved] = move(db, 'receiving', 'assembling', eq(uploads.id, session.id), {
    receivedChunks: session.total,
    receivedBytes: session.size,
    lastReceived: source.lastReceived,
    lastSeq: source.lastSeq,
    dueAt: now,
  });
  if (!moved || copied.changes !== session.total)
    throw new UploadError('INTERNAL', { message: `completed upload ${source.id} lacks chunk records` });
  return moved;
}
