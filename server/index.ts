/** `chunkwise/server`: mount uploads in a tRPC app. */
import './gathered.js';

export { isUploadError, UploadError } from '../contract/index.js';
export type { FastifyHook, FastifyLike, NodeHook } from './adapters/hooks.js';
export type { CoreOptions } from './core-options.js';
export type { FileAccess, Files, NodeRequest, NodeResponse, ServeOptions, StoredFile } from './files.js';
export type { Logger } from './log.js';
export { type Migrated, migrateUploads } from './migrate-uploads.js';
export {
  type AnyMetadata,
  type AnyPolicy,
  type HookCheck,
  type HookUpload,
  type Policies,
  type PolicyMapOf,
  type PolicyOptions,
  policy,
  type Verdict,
} from './policy.js';
export type { ContextSource, UploadRequest, UploadsContext } from './request.js';
export type { ProcedureDef, RequireContext, UploadsProcedures, UserProcedure } from './router.js';
export type { Quota } from './sessions/records.js';
export type { Migrate } from './sessions/sqlite/files.js';
export { type SniffHook, type SniffOptions, sniffType } from './sniff.js';
export type { ByteRange } from './stores/store.js';
export type { UploadErrorShape } from './trpc-errors.js';
export type { SweepReport } from './upkeep/sweep.js';
export {
  type AnnotateCtxInOwner,
  createUploads,
  type NoPoliciesInferred,
  type Uploads,
  type UploadsOptions,
} from './uploads.js';
