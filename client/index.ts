/** `chunkwise/client`: uploads from any JavaScript runtime. No Node import, no zod. */
export {
  type ErrorCode,
  isUploadError,
  UploadError,
  type UploadErrorData,
} from '../contract/index.js';
export type { UploaderOptions } from './engine.js';
export { toUploadError } from './errors.js';
export { checkedFetch } from './exchange.js';
export { type Hasher, type HashOptions, webHasher } from './hash.js';
export { ON_UPLOAD_PROGRESS, type UploadLinkOptions, uploadLink } from './link.js';
export { type Connectivity, runtimeConnectivity } from './online.js';
export { fetchSender, type SendAnswer, type Sender, type SendRequest } from './send.js';
export { blobSource, bytesSource, type Source, toSource } from './sources.js';
export type {
  CallOptions,
  DataOf,
  InitOf,
  Phase,
  Settled,
  SourceLike,
  SourceOptions,
  TaskState,
  UploadOptions,
  UploadResult,
  UploadsClient,
  UploadTask,
} from './types.js';
export { createUploader, type Uploader } from './uploader.js';
