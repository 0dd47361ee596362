/** The file that a hashing thread starts from. */
export const hashWorkerUrl = new URL('./hash-worker.js', import.meta.url);
