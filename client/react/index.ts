'use client';

/**
 * `chunkwise/client/react`: hooks over an uploader that lives outside React. The directive stands here alone: nobody
 * imports the other modules, and bundlers would warn of each.
 */

export { type Listed, UploaderProvider, type UploaderProviderProps } from './provider.js';
export type { UploadsSummary } from './summary.js';
export { useUpload, useUploadTask } from './use-upload.js';
export {
  type OptionsUnder,
  type PolicyOptions,
  type UploadsHere,
  type UploadsUnder,
  useUploads,
} from './use-uploads.js';
export { useUploadsSummary } from './use-uploads-summary.js';
