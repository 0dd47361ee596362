/** `chunkwise/contract`: words, rules and shapes that both sides share. Without zod; see `contract/schemas`. */
export * from './for-clients.js';
export { ERRORS, type ServerErrorCode, type TrpcCode, UploadError } from './server-errors.js';
