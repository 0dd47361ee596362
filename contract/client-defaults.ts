/**
 * Defaults of clients, `CLIENT_DEFAULTS` to everybody else: a part of `contract/limits.ts`, with the same rules. What
 * pages load imports this module as a whole, so that a bundler writes the numbers in place, and no table of names.
 */

// Written out: an import in front of them would keep bundlers from it.
const KiB = 1024;
const MiB = 1024 * KiB;

/** Chunk requests of all files in flight at one time. */
export const concurrency = 4;
/** Retries of one chunk for answers that blame the chunk, and of `init` until it has answered once. */
export const retries = 5;
/** Give up after this long without progress; the session stays resumable. */
export const patienceMs = 10 * 60_000;
export const minBackoffMs = 300;
export const maxBackoffMs = 30_000;
/** How often an upload looks whether the machine slept. */
export const sleepLookMs = 30_000;
/** Looks that lie further apart: it did. Timers of a tab in the background run once a minute. */
export const asleepMs = 120_000;
/** First pause between two looks at an upload that is assembling; doubles up to maxPollMs. */
export const pollMs = 250;
export const maxPollMs = 5_000;
/** Sources whose hashes are computed at one time. */
export const hashConcurrency = 2;
/** A request that moves no byte for this long counts as a network failure. */
export const stallMs = 60_000;
/** Uploads that are opened, hashed and made known to the server beyond those that `concurrency` can send. */
export const uploadsAhead = 4;
/** New sessions begun in place of one that was lost while its chunks were on the way. */
export const restarts = 2;
/** Chunk sizes of earlier sessions that a file is hashed with before the plan's own. */
export const hashTries = 2;
/** Chunks hashed between two points at which a pause can take hold without losing work. */
export const hashBatchChunks = 64;
/** Bytes read from a file at one time while hashing. */
export const hashReadBytes = MiB;
/** Chunks held in memory at one time while hashing where no thread reads the file by itself. */
export const hashChunksInMemory = 2;
/** Workers of a page that hash at one time: more of them wait for the disk. */
export const hashWorkers = 4;
/** A worker that is not ready by then is done without. */
export const hashWorkerReadyMs = 10_000;
/** A piece that a worker has for longer than this is hashed on the page. */
export const hashPieceMs = 60_000;
/** Bytes that a page's own thread hashes without a pause: some milliseconds, also on a phone. */
export const pageSliceBytes = 512 * KiB;
/** Bytes that it copies into a Blob without a pause. Each Blob costs a question to the browser's main process. */
export const blobPartBytes = 4 * MiB;
/** A hashing thread without work ends after this long. */
export const hashThreadIdleMs = 5_000;
/** Connections that a Node sender keeps to one server. */
export const maxSockets = 64;
/** Longer answers are not the server's. The longest of its own is a full batch of sessions with all their gaps. */
export const maxAnswerBytes = 32 * MiB;
/** Bytes handed to a socket at one time; progress moves in these steps. */
export const sendSliceBytes = 256 * KiB;
/** Listeners hear of moving bytes at most this often; of everything else at once. */
export const progressIntervalMs = 100;
/** Speed is the mean over this long. */
export const speedWindowMs = 10_000;
/** How often speed and remaining time are told anew while nothing moves. */
export const speedTickMs = 1_000;
/** Settled uploads that an uploader still lists; past it the one that settled first is forgotten. */
export const settledTasksKept = 1_000;
