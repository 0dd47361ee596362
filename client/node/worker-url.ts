/**
 * The file that a hashing thread starts from. Asked only where no other is given: in a bundle of CommonJS modules there
 * is no address to begin with.
 */
export const hashWorkerUrl = (): URL => new URL('./hash-worker.js', import.meta.url);
