import { createHash } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import { type Metadata, UploadError } from '../../../../contract/index.js';
import type { CreateOutcome, ExpiryRules, NewUpload, Quota, UploadSession } from '../../sessions.js';
import { chunks, uploads } from '../schema.js';
import { sessionColumns } from './columns.js';
import { expiryAfter, outlived, putOff } from './expiry.js';
import { move } from './moves.js';
import { type Db, writing } from './operation.js';
import { given, prepared } from './prepared.js';
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
  const session = insertion(db).get({
    ...upload,
    metadataHash,
    copyFrom: source?.id ?? null,
    createdAt: now,
    expiresAt: expiryAfter(now, now, expiry),
  });
  return { kind: 'created', session: source ? takeOverChunks(db, session, source, now) : session };
});

const insertion = prepared((db) =>
  db
    .insert(uploads)
    .values({
      id: given.id,
      owner: given.owner,
      policy: given.policy,
      name: given.name,
      relativePath: given.relativePath,
      type: given.type,
      lastModified: given.lastModified,
      metadata: given.metadata,
      metadataHash: given.metadataHash,
      size: given.size,
      mode: given.mode,
      chunkSize: given.chunkSize,
      total: given.total,
      declaredHash: given.declaredHash,
      hash: given.declaredHash,
      copyFrom: given.copyFrom,
      status: 'receiving',
      staged: true,
      createdAt: given.createdAt,
      expiresAt: given.expiresAt,
    })
    .returning(sessionColumns)
    .prepare(),
);

const identical = prepared((db) =>
  selectSessions(db)
    .where(
      and(
        eq(uploads.owner, given.owner),
        eq(uploads.policy, given.policy),
        eq(uploads.declaredHash, given.declaredHash),
        eq(uploads.size, given.size),
        eq(uploads.chunkSize, given.chunkSize),
        eq(uploads.name, given.name),
        sql`quote(${uploads.relativePath}) = quote(${given.relativePath})`,
        sql`quote(${uploads.metadataHash}) = quote(${given.metadataHash})`,
        matching,
      ),
    )
    .prepare(),
);

function sameIdentity(db: Db, upload: NewUpload, metadataHash: string | null): UploadSession | undefined {
  if (upload.declaredHash === null) return undefined;
  return identical(db).get({ ...upload, metadataHash });
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
