/**
 * What goes in and out of every procedure, as strict zod schemas. Servers import this file's values; clients only
 * its types (`contract/views.ts`), so that no zod reaches a front end.
 */
import { z } from 'zod';
import { type ErrorCode, RETRYABLE } from './errors.js';
import { CHUNK_HASH_PATTERN, FILE_HASH_PATTERN } from './hashes.js';
import { UPLOAD_ID_PATTERN } from './ids.js';
import {
  MAX_CHUNKS,
  MAX_LIST_LIMIT,
  MAX_MISSING_RANGES,
  MAX_NAME_BYTES,
  MAX_POLICY_NAME_BYTES,
  MAX_RESUMABLE_SIZES,
  MAX_TYPE_BYTES,
  MAX_WATCH_IDS,
} from './limits.js';
import { utf8Bytes } from './sizes.js';
import { STATUSES } from './states.js';

const text = (maxBytes: number) =>
  z
    .string()
    .max(maxBytes)
    .refine((value) => utf8Bytes(value) <= maxBytes, { error: `at most ${maxBytes} bytes of UTF-8` });

const bytes = z.int().nonnegative();
const count = z.int().nonnegative().max(MAX_CHUNKS);
const time = z.int().nonnegative();

export const uploadId = z.string().regex(UPLOAD_ID_PATTERN, { error: 'not an upload id' });
export const chunkHash = z.string().regex(CHUNK_HASH_PATTERN, { error: '64 lower-case hex digits' });
export const fileHash = z.string().regex(FILE_HASH_PATTERN, { error: '<64 lower-case hex digits>-<total>' });
export const policyName = text(MAX_POLICY_NAME_BYTES).min(1);
export const status = z.enum(STATUSES);
export const mode = z.enum(['single', 'chunked']);
export const plan = z.strictObject({
  mode,
  chunkSize: z.int().positive(),
  total: z.int().positive().max(MAX_CHUNKS),
});
const fileName = text(MAX_NAME_BYTES).min(1);

export const errorView = z.strictObject({
  code: z.enum(Object.keys(RETRYABLE) as [ErrorCode, ...ErrorCode[]]),
  retryable: z.boolean(),
  message: z.string(),
});

export const policyInput = z.strictObject({ policy: policyName.optional(), size: bytes.optional() });
export const policyOutput = z.strictObject({
  policy: policyName,
  threshold: bytes,
  chunkSize: z.int().positive(),
  minChunkSize: z.int().positive(),
  maxChunkSize: z.int().positive(),
  maxChunks: z.int().positive(),
  maxFileSize: bytes,
  maxParallelChunks: z.int().positive(),
  types: z.array(z.string()).nullable(),
  /** The plan for `size`, where the input gave one and it is not too large. */
  plan: plan.nullable(),
  /** Chunk sizes of this owner's sessions of that size, newest first: a client hashes with them first. */
  resumable: z.array(z.int().positive()).max(MAX_RESUMABLE_SIZES),
});

export const metadata = z.record(z.string(), z.json());

export const initInput = z.strictObject({
  policy: policyName.optional(),
  name: fileName,
  size: bytes,
  chunkSize: z.int().positive(),
  hash: fileHash.nullable(),
  type: text(MAX_TYPE_BYTES).optional(),
  lastModified: time.optional(),
  relativePath: fileName.optional(),
  metadata: metadata.optional(),
});

export const chunkFields = z.strictObject({
  uploadId,
  index: z
    .int()
    .nonnegative()
    .max(MAX_CHUNKS - 1),
  offset: bytes,
  size: bytes,
  total: z.int().positive().max(MAX_CHUNKS),
  hash: chunkHash,
});

export const resumeInput = z.union([
  z.strictObject({ uploadId }),
  z.strictObject({ hash: fileHash, size: bytes, chunkSize: z.int().positive() }),
]);
export const abortInput = z.strictObject({ uploadId });
export const listInput = z.strictObject({
  cursor: z.string().max(MAX_NAME_BYTES).optional(),
  limit: z.int().positive().max(MAX_LIST_LIMIT).optional(),
  /** One, or several. */
  status: z.union([status, z.array(status).min(1).max(STATUSES.length)]).optional(),
});
export const watchInput = z.strictObject({
  uploadIds: z.array(uploadId).max(MAX_WATCH_IDS).optional(),
  /** Set by tRPC on a reconnect; a new stream starts with a snapshot, so it is not needed. */
  lastEventId: z.string().optional(),
});

const received = { receivedChunks: count, receivedBytes: bytes };
/** `hookPending`: the `completed` hook has not succeeded yet, so `data` is still to come. */
const completed = {
  path: z.string(),
  hash: fileHash,
  data: z.json().optional(),
  hookPending: z.literal(true).optional(),
};
const failed = { error: errorView };
const OPEN = ['receiving', 'assembling', 'aborted', 'expired'] as const;

const viewBase = {
  uploadId,
  policy: policyName,
  name: z.string(),
  relativePath: z.string().nullable(),
  type: z.string().nullable(),
  size: bytes,
  mode,
  chunkSize: z.int().positive(),
  total: z.int().positive(),
  ...received,
  lastReceived: z.int().nonnegative().nullable(),
  missing: z
    .array(z.tuple([z.int().nonnegative(), z.int().nonnegative()]))
    .max(MAX_MISSING_RANGES)
    .optional(),
  missingMore: z.boolean().optional(),
  createdAt: time,
  expiresAt: time.nullable(),
};

export const uploadView = z.discriminatedUnion('status', [
  z.strictObject({ ...viewBase, status: z.enum(OPEN), hash: fileHash.nullable() }),
  z.strictObject({ ...viewBase, status: z.literal('completed'), ...completed }),
  z.strictObject({ ...viewBase, status: z.literal('gone'), ...completed }),
  z.strictObject({ ...viewBase, status: z.literal('failed'), hash: fileHash.nullable(), ...failed }),
]);

const progressBase = {
  uploadId,
  index: z.int().nonnegative().optional(),
  size: bytes,
  total: z.int().positive(),
  ...received,
};

export const progress = z.discriminatedUnion('status', [
  z.strictObject({ ...progressBase, status: z.enum(OPEN) }),
  z.strictObject({ ...progressBase, status: z.literal('completed'), ...completed }),
  z.strictObject({ ...progressBase, status: z.literal('gone'), ...completed }),
  z.strictObject({ ...progressBase, status: z.literal('failed'), ...failed }),
]);

export const listOutput = z.strictObject({ items: z.array(uploadView), nextCursor: z.string().optional() });

/** First a snapshot of what is watched, then one event per change. */
export const watchEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('snapshot'), items: z.array(progress) }),
  z.strictObject({ kind: z.literal('progress'), progress }),
]);
