/** What clients take of the contract: all of it but the words of errors that only servers make. */
export * from './abort.js';
export * from './as-json.js';
export * as CLIENT_DEFAULTS from './client-defaults.js';
export * from './clock.js';
export * from './errors.js';
export * from './hashes.js';
export * from './ids.js';
export * from './limits.js';
export * from './plan.js';
export * from './policy-types.js';
export * from './ranges.js';
export * from './sizes.js';
export * from './states.js';
export * from './types.js';
export * from './upload-error.js';
export { PlainUploadError as UploadError } from './upload-error.js';
export * from './views.js';
export * from './wire.js';
