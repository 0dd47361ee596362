/** `chunkwise/client`: uploads from any JavaScript runtime. No Node import, no zod. */
export {
  type ErrorCode,
  isUploadError,
  UploadError,
  type UploadErrorData,
} from '../contract/for-clients.js';
export type { TrpcAnswer } from './answers.js';
export { type BrowserHasherOptions, browserHasher } from './browser/hasher.js';
export type { HashWorker } from './browser/pool.js';
export { type XhrSenderOptions, xhrSender } from './browser/xhr-sender.js';
export type { UploaderOptions } from './engine.js';
export { toUploadError } from './errors.js';
export { checkedFetch, type FetchInit } from './exchange.js';
export { type Hasher, type HashOptions, webHasher } from './hash.js';
export { ON_UPLOAD_PROGRESS, type UploadLinkOptions, uploadLink } from './link.js';
export { type BrowserGlobals, type Connectivity, runtimeConnectivity } from './online.js';
export type { OnUnauthorized } from './renewal.js';
export type { HeadersLike } from './retry-after.js';
export { fetchSender, type SendAnswer, type Sender, type SendRequest } from './send.js';
export { blobSource, bytesSource, type Source, type SourceNames, toSource } from './sources.js';
export type {
  CallOptions,
  DataOf,
  DefaultData,
  DefaultOptions,
  DefaultOptionsOfAll,
  MetadataOf,
  Phase,
  PolicyName,
  Settled,
  SourceLike,
  SourceOptions,
  TaskState,
  UploadOptions,
  UploadResult,
  UploadsClient,
  UploadTask,
} from './types.js';
export { createUploader, type Sources, type Uploader } from './uploader.js';
