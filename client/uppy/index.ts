/** `chunkwise/client/uppy`: an uploader plugin for Uppy 5 and 6. */
export type {
  AnyFields,
  ChunkwiseBody,
  ChunkwiseOptions,
  CommonOptions,
  PolicyOptions,
  UploaderChoice,
} from './options.js';
export { Chunkwise } from './plugin.js';
