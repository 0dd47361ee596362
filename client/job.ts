import type { ChunkHash, Clock, FileHash, PolicyView, UploadView } from '../contract/for-clients.js';
import { UploadError } from '../contract/for-clients.js';
import type { ProgressEvent } from './progress.js';
import type { Source } from './sources.js';
import type { PlainUploadOptions } from './types.js';

/** The chunk hashes of a file for one chunk size, as far as they are known. */
export interface KnownHashes {
  readonly chunkSize: number;
  readonly values: (ChunkHash | undefined)[];
}

/** An `init` on its way, or answered and not yet taken over. */
export interface Beginning {
  /** Tells its input from another one. */
  readonly key: string;
  /** Settles within the time of a request. Never an unhandled rejection. */
  readonly answer: Promise<UploadView>;
  /** Breaks the request off. */
  abandon(): void;
}

/** One upload's working memory. It outlives a pause, so that work is not done twice. */
export interface Job {
  /** Position among all uploads; lower goes first. */
  readonly order: number;
  /** Replaced by one without bytes once the upload has settled. */
  source: Source;
  readonly name: string;
  readonly options: PlainUploadOptions;
  /** The source's version to upload; undefined before it is known, null where the source cannot change. */
  version: string | null | undefined;
  policy: PolicyView | null;
  hashes: KnownHashes | null;
  /** As declared to the server; null while none is. */
  fileHash: FileHash | null;
  /** The session being worked on. */
  uploadId: string | null;
  beginning: Beginning | null;
  /** `init` has answered: until then failures count against `retries`, afterwards there is a session worth patience. */
  begun: boolean;
  resumed: boolean;
  restarts: number;
  retries: number;
  sentBytes: number;
  /** Chunks that have a slot now … */
  slotsHeld: number;
  /** … and that had one so far. */
  slotsTaken: number;
  /** When it last got further than ever before, or a request succeeded. Monotonic milliseconds. */
  lastProgressAt: number;
  /** Sign-ins that had failed when the upload was added, or last continued. */
  failuresBefore: number;
  report(event: ProgressEvent): void;
}

export function createJob(
  order: number,
  source: Source,
  options: PlainUploadOptions,
  clock: Clock,
  report: (event: ProgressEvent) => void,
): Job {
  return {
    order,
    source,
    name: options.name ?? source.name,
    options,
    version: source.knownVersion,
    policy: null,
    hashes: null,
    fileHash: null,
    beginning: null,
    begun: false,
    restarts: 0,
    sentBytes: 0,
    slotsHeld: 0,
    slotsTaken: 0,
    retries: 0,
    resumed: false,
    uploadId: null,
    lastProgressAt: clock.monotonic(),
    failuresBefore: 0,
    report,
  };
}

/** A request failed, and is sent again. */
export function countRetry(job: Job, error: UploadError): void {
  job.retries++;
  job.report({ type: 'retry', error });
}

/**
 * Begins a wait that is not the upload's own idleness. Several requests may wait at the same time: the time is left
 * out once.
 * @returns what ends the wait
 */
export function notIdle(job: Job, clock: Clock): () => void {
  const idleMs = clock.monotonic() - job.lastProgressAt;
  return () => {
    job.lastProgressAt = Math.max(job.lastProgressAt, clock.monotonic() - idleMs);
  };
}

/** @throws UploadError FILE_CHANGED where the source is not what it was when it was looked at first */
export async function assertUnchanged(job: Job): Promise<void> {
  const version = (await job.source.version?.()) ?? null;
  if (job.version === undefined) job.version = version;
  else if (version !== job.version)
    throw new UploadError('FILE_CHANGED', { uploadId: job.uploadId ?? undefined });
}
