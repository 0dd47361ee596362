/** Stands in Uppy's panel for the module that it takes sizes from. */
export { formatSize as prettierBytes } from '../contract/sizes.js';
