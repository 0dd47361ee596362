/**
 * Every default and every limit of Chunkwise, each written once, with its unit in its name.
 * Sizes are bytes, times milliseconds. A value's reason stands beside it where it is not plain. The defaults of clients
 * are in `contract/client-defaults.ts`. Plain numbers stand first: where a module begins with constants, bundlers write
 * their values in place of their names.
 */

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

/** Number of chunks up to which the chunk size stays as configured. S3 allows 10,000 parts. */
export const CHUNK_COUNT_GOAL = 10_000;
/** Most chunks of one file. */
export const MAX_CHUNKS = 100_000;
export const MIN_CHUNK_SIZE_BYTES = 256 * KiB;
export const MAX_CHUNK_SIZE_BYTES = 64 * MiB;

/** `encodeURIComponent(JSON)` of a chunk's header; Node's own limit for all headers is 16 KiB. */
export const MAX_CHUNK_HEADER_BYTES = 4 * KiB;
/** Client names and relative paths, as UTF-8. */
export const MAX_NAME_BYTES = 4096;
/** The name on disk, as UTF-8; file systems allow 255 for one component. */
export const MAX_SAFE_NAME_BYTES = 200;
export const MAX_TYPE_BYTES = 255;
export const MAX_METADATA_BYTES = 16 * KiB;
export const MAX_POLICY_NAME_BYTES = 64;
/** What a hook says when it refuses or fails, as UTF-8: it is kept with the upload, and a refusal is in its views. */
export const MAX_HOOK_TEXT_BYTES = 2 * KiB;
/** What a `completed` hook answers, as JSON: it is in every view of its upload, and a list has MAX_LIST_LIMIT views. */
export const MAX_HOOK_DATA_BYTES = 64 * KiB;
/** Ranges in one `missing`; the rest is announced by `missingMore`. */
export const MAX_MISSING_RANGES = 1000;
export const MAX_LIST_LIMIT = 100;
export const DEFAULT_LIST_LIMIT = 50;
/** Ids that one `watch` may name. */
export const MAX_WATCH_IDS = 1000;
/** Calls in one tRPC batch: unlimited by default in tRPC, and each call costs work. */
export const MAX_BATCH_CALLS = 100;
/** Different chunk sizes that `policy` answers in `resumable`. */
export const MAX_RESUMABLE_SIZES = 8;

/** Slower bodies of chunks are cut off, so clients need not wait longer for an answer either. */
export const MIN_BODY_RATE_BYTES_PER_SECOND = 16 * KiB;

/** Timers hold no more: beyond it they fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Makes a group that bundlers leave out of a page where nothing reads it: products, they believe, might do something. */
function group<const Values>(make: () => Values): Values {
  return make();
}

/** What a policy may set, and what holds where it does not. */
export const POLICY_DEFAULTS = /* @__PURE__ */ group(() => ({
  /** At or below this size a file goes as one chunk (`mode: 'single'`). */
  thresholdBytes: 16 * MiB,
  /** Preferred size of a chunk; grows with the file so that the number of chunks stays near CHUNK_COUNT_GOAL. */
  chunkSizeBytes: 8 * MiB,
  /** Largest file; a store that can hold less lowers it. */
  maxFileSizeBytes: 5 * TiB,
  /** Chunks of one file that a client sends at the same time. */
  maxParallelChunks: 4,
}));

export const SERVER_DEFAULTS = /* @__PURE__ */ group(() => ({
  /** Bytes of chunk bodies held in memory at one time, over all requests. */
  memoryBudgetBytes: 256 * MiB,
  /** How long a chunk may wait for the memory budget before SERVER_BUSY. */
  budgetWaitMs: 10_000,
  /** A body must average the minimum rate over any window of this length, else CHUNK_TIMEOUT. */
  bodyRateWindowMs: 30_000,
  minBodyRateBytesPerSecond: MIN_BODY_RATE_BYTES_PER_SECOND,
  /** How long the completing answer waits for assembly before it says `assembling`. */
  completionWaitMs: 10_000,
  /** A session expires this long after its last claim or resume … */
  idleExpiryMs: 24 * 60 * 60_000,
  /** … and this long after `init` in any case. */
  maxLifetimeMs: 7 * 24 * 60 * 60_000,
  /** Failed, aborted, expired and gone rows stay this long. */
  endedRetentionMs: 7 * 24 * 60 * 60_000,
  sweepIntervalMs: 60_000,
  /** How often staging is synced while `durability` is 'file'; bounds what a power cut can cost. */
  stagingSyncIntervalMs: 5_000,
  /** How long an assembler owns a session without renewing. */
  assemblyLeaseMs: 30_000,
  /** Attempts of one assembly before the session fails. */
  maxAssemblyAttempts: 20,
  assemblyBackoffMs: 1_000,
  maxAssemblyBackoffMs: 5 * 60_000,
  /** One try of a user's hook. */
  hookTimeoutMs: 30_000,
  hookBackoffMs: 1_000,
  maxHookBackoffMs: 60 * 60_000,
  /** How long chunks under way may take to end while the server stops. */
  shutdownMs: 10_000,
  /** How often `watch` sends a ping. */
  watchPingMs: 10_000,
  /** Pieces of a body below this are copied together: each object costs memory that the budget does not see. */
  smallPieceBytes: 16 * KiB,
  /** What they are copied into. */
  pieceBlockBytes: 64 * KiB,
  /** Chunk records read at one time: bounds memory, and the time that other calls wait for the database. */
  chunkPageRows: 5_000,
  /** Rows, or entries on the disk, that background work handles at one time. */
  sweepBatchRows: 100,
  /** Assemblies at one time: they share the disk, and the worker pool runs their pieces in parallel anyway. */
  parallelAssemblies: 4,
}));

/** A session's expiry is written only where that moves it by more than this, so that a claim writes nothing. */
export const EXPIRY_GRAIN_MS = 60_000;
/** Calls of the session repository that share one commit. */
export const MAX_CALLS_PER_COMMIT = 256;
/** How long SQLite waits for another program's lock (a backup, a shell); the wait holds up every other call. */
export const SQLITE_BUSY_TIMEOUT_MS = 250;

/** A session fails after max(this, total / MISMATCH_SHARE) chunks whose bytes did not match their hash. */
export const MIN_MISMATCH_LIMIT = 100;
export const MISMATCH_SHARE = 10;

/** The largest chunk may take this share of the memory budget: four of them must fit. */
export const MIN_CHUNKS_IN_BUDGET = 4;

/** The threads that hash and write, and how work over many chunks is shared out among them. */
export const WORKER_DEFAULTS = /* @__PURE__ */ group(() => ({
  /** Threads are as many as the machine runs at once, within these bounds. */
  minThreads: 2,
  maxThreads: 8,
  /** A thread that has not answered by then does not start; far beyond what a busy machine needs. */
  startMs: 30_000,
  /** Tasks that may wait for a thread; the memory budget bounds what they hold. */
  queueLimit: 10_000,
  /** A task over many chunks ends after this many bytes, or chunks, so that others get their turn. */
  batchBytes: 32 * MiB,
  batchChunks: 1000,
  /** Such tasks of one upload that wait or run at one time. */
  batchesInParallel: 4,
  /** Files are read in pieces of this size. */
  readPieceBytes: MiB,
  /** A thread frees the memory of used buffers each time it has used so many bytes. */
  reclaimAfterBytes: 8 * MiB,
}));

/** `chunkwise serve`, where no flag says otherwise. */
export const SERVE_DEFAULTS = /* @__PURE__ */ group(() => ({
  root: './chunkwise-data',
  /** Loopback: nobody else reaches it. */
  host: '127.0.0.1',
  port: 8090,
  /** Per address, chunks not counted: two for each file. High enough for folders of small files. */
  requestsPerMinute: 60_000,
  /** Longer than clients and proxies keep idle connections, so that none is closed under a request. */
  keepAliveMs: 72_000,
  /** A JSON body must be there this soon after its request began; chunks have a minimum rate instead. */
  jsonBodyMs: 30_000,
  /** Room for a full batch of `init` calls, each with all the metadata and names that it may have. */
  jsonBodyBytes: MAX_BATCH_CALLS * (MAX_METADATA_BYTES + 32 * KiB),
  /** A batch names all its procedures in the path. */
  pathChars: MAX_BATCH_CALLS * 64,
  /** How long a browser may remember what another page is allowed, in seconds. */
  corsMaxAgeS: 24 * 60 * 60,
  /** How long a browser stays signed in: as long as an upload may take. A restart of the server ends it too. */
  sessionMs: 7 * 24 * 60 * 60_000,
  /** Browsers signed in at one time; the one that has been so for the longest makes room. */
  maxSessions: 1000,
  /** Attempts to sign in, right or wrong, per address: too few for guessing. */
  signInsPerMinute: 20,
  /** Room for a token of any sensible length. */
  signInBodyBytes: 16 * KiB,
  /** How long a browser may keep the page's files, whose names change with their content. In seconds. */
  assetMaxAgeS: 365 * 24 * 60 * 60,
}));

/** The page of `chunkwise serve`. */
export const PAGE_DEFAULTS = {
  /** Uploads shown at first, and more each time that more are asked for. */
  listedUploads: 20,
  /** The list is read again at most this often, however many uploads begin elsewhere. */
  refreshMs: 1_000,
  /** How often a window reads it while another one of the same browser has the stream. */
  pollMs: 3_000,
  /** First wait before the stream of progress is opened again, or the list is read again; doubles up to maxReconnectMs. */
  reconnectMs: 1_000,
  maxReconnectMs: 10_000,
  /** An unfinished upload that has not moved for this long is not being sent from anywhere. */
  stoppedAfterMs: 15_000,
} as const;

/** What the command line shows, and when. */
export const CLI_DEFAULTS = /* @__PURE__ */ group(() => ({
  /** Files whose own progress is shown beside the total. */
  shownFiles: 5,
  /** Without a terminal, a line is written whenever this many percent more are there. */
  linePercent: 10,
  framesPerSecond: 10,
  /** A second Ctrl-C within this time is the first one, which npm has passed on. */
  sameInterruptMs: 100,
  /** The file that the demo makes where it is given none. */
  demoFileBytes: 256 * MiB,
}));

/** `chunkwise/testing`. */
export const TESTING_DEFAULTS = /* @__PURE__ */ group(() => ({
  /** Where the clock stands at first: a fixed time, so that runs are alike. */
  startMs: Date.UTC(2026, 0, 1),
  /** A body goes from client to server in pieces of this size, as from a socket. */
  pieceBytes: 64 * KiB,
  /** Up to here every timer runs at its own moment … */
  exactAdvanceMs: 60 * 60_000,
  /** … and beyond it time moves in about so many steps: a day of sweeps by the minute would take seconds. */
  advanceSteps: 100,
  /** Nothing goes on if nothing has begun for so many turns of the event loop. */
  quietTurns: 10,
}));
