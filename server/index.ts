/** `chunkwise/server`: mount uploads in a tRPC app. */
export { isUploadError, UploadError } from '../contract/errors.js';
export type { FastifyHook, NodeHook } from './adapters/hooks.js';
export type { Files, StoredFile } from './files.js';
export type { Logger } from './log.js';
export { type HookUpload, type Policies, type PolicyOptions, policy, type Verdict } from './policy.js';
export type { ContextSource, UploadsContext } from './request.js';
export type { UploadsProcedures } from './router.js';
export type { UploadErrorShape } from './trpc-errors.js';
export type { SweepReport } from './upkeep/sweep.js';
export { createUploads, type Uploads, type UploadsOptions } from './uploads.js';
