/** The file that a worker thread of the server starts from. Bundlers set the option `worker` instead. */
export const workerUrl = new URL('./worker.js', import.meta.url);
