import type { ErrorView, FileHash, IndexRange, Json, Status } from '../../contract/index.js';
import type {
  Acceptance,
  AcceptOutcome,
  ChunkRecord,
  Claim,
  ClaimOutcome,
  ClaimRequest,
  CreateOutcome,
  Lease,
  ListQuery,
  NewUpload,
  Quota,
  UploadSession,
  WhichHook,
} from './records.js';

export type * from './records.js';

/**
 * Where upload sessions live. The only truth about what was accepted.
 *
 * Obligations of every implementation (`test/sessions/conformance.ts` checks them):
 * - Every method is one transaction; a change is one conditional update that takes effect for exactly one caller.
 * - A promise that resolves means that the change is on the disk (SQLite: synchronous=FULL), unless the text of the
 *   method says that it may be lost.
 * - A rejection is an UploadError (STORAGE_FULL, STORE_UNAVAILABLE, INTERNAL), and nothing was changed.
 * - Time comes from `now` in the arguments: implementations read no clock to decide.
 * - Moves obey `contract/states.ts`; a call whose condition does not hold returns false or null and changes nothing.
 */
export interface Sessions extends AsyncDisposable {
  /** Opens the database, takes what guards it against a second server, and applies migrations. Idempotent. */
  ready(): Promise<void>;

  // --- finding
  /** The owner's upload; null for an unknown id and for somebody else's alike. */
  find(owner: string, id: string): Promise<UploadSession | null>;
  /** Any owner's upload: for the server's own work only, never for a request. */
  get(id: string): Promise<UploadSession | null>;
  /** Newest session of the owner with this content in `receiving`, `assembling` or `completed`, whatever its name. */
  findByContent(
    owner: string,
    content: { hash: FileHash; size: number; chunkSize: number },
  ): Promise<UploadSession | null>;
  /** Newest `completed` upload of the owner with this content: a source to copy from. */
  findCompleted(
    owner: string,
    content: { hash: FileHash; size: number; chunkSize: number },
  ): Promise<UploadSession | null>;
  /** Newest first, without missing ranges. */
  list(query: ListQuery): Promise<{ items: UploadSession[]; nextCursor: string | undefined }>;
  /** Every owner's uploads in a status, ascending by id, after `after`: for sweeps and checks. */
  page(status: Status, after: string | null, limit: number): Promise<UploadSession[]>;
  /** Different chunk sizes of the owner's matching chunked sessions of this file size that declared a hash, newest first. */
  resumableChunkSizes(owner: string, size: number, limit: number): Promise<number[]>;
  /** Complement of the accepted indexes, at most `limit` ranges. */
  missing(id: string, limit: number): Promise<{ ranges: IndexRange[]; more: boolean }>;
  /** Accepted chunks in index order from `from` on. */
  chunks(id: string, from: number, limit: number): Promise<ChunkRecord[]>;
  /** Which of these ids have a row, with its status: all others on the disk are orphans. */
  statuses(ids: readonly string[]): Promise<Map<string, Status>>;

  // --- receiving
  /**
   * One session per identity (owner, policy, declaredHash, size, chunkSize, name, relativePath, metadata, whose
   * members may be in any order) among `receiving`, `assembling` and `completed`, however many callers race. Reserves the quota. `copyFrom` is honoured only while
   * that upload is `completed`; otherwise the session begins in `receiving` as any other. Joining puts off the expiry;
   * a `receiving` session whose whole lifetime is over is not joined but expires here.
   */
  create(upload: NewUpload, quota: Quota, now: number): Promise<CreateOutcome>;
  /** Puts off the expiry of a `receiving` session. May be lost in a crash. */
  touch(id: string, now: number): Promise<void>;
  /** In one step with a check of the status and of the accepted hash. Also puts off the expiry (may be lost). */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /** Records the chunk, adds to the counters, moves to `assembling` when all are there; ends the claim in any case. */
  accept(claim: Claim, acceptance: Acceptance): Promise<AcceptOutcome>;
  /** Ends a claim whose write failed. Idempotent; never rejects. */
  release(claim: Claim): Promise<void>;
  /** Resolves when no claim is held on the index, or may no longer be; the caller asks again. */
  whenReleased(uploadId: string, index: number): Promise<void>;
  /**
   * Resolves when every claim of the upload that is held now has ended. After the status has closed the upload to new
   * claims, that means that nobody writes any more.
   */
  whenUnclaimed(uploadId: string): Promise<void>;
  /** Counts a chunk that did not match its hash; fails a `receiving` session past `limit`. Null: not receiving. */
  countMismatch(
    id: string,
    limit: number,
    now: number,
  ): Promise<{ retriesLeft: number; failed: boolean } | null>;

  // --- durability of staging
  /** `receiving` sessions with chunks beyond `syncedSeq`, ascending by id, after `after`. */
  unsynced(after: string | null, limit: number): Promise<UploadSession[]>;
  /** Raises `syncedSeq`; never lowers it. */
  recordSynced(id: string, seq: number): Promise<void>;
  /** After a failed sync: forgets accepted chunks beyond `syncedSeq` of a `receiving` session. Number forgotten. */
  dropUnsynced(id: string): Promise<number>;
  /**
   * Records under which boot of the machine the server runs. If it is another than recorded: marks chunks beyond
   * `syncedSeq` of `receiving` and `assembling` sessions, and those sessions, as suspect.
   */
  markBoot(bootId: string): Promise<{ changed: boolean }>;
  /** Ids of `receiving` sessions that are marked suspect. */
  suspectUploads(): Promise<string[]>;
  /**
   * Forgets those `damaged` chunks of a `receiving` session that are still suspect (one accepted meanwhile is not),
   * clears the suspicion of all its others.
   */
  settleSuspects(id: string, damaged: readonly number[]): Promise<void>;
  /** Forgets every accepted chunk of a `receiving` session: its staging entry is gone. */
  dropAll(id: string): Promise<void>;
  /** Forgets these accepted chunks of a `receiving` session: a check found them damaged. Number forgotten. */
  drop(id: string, damaged: readonly number[]): Promise<number>;

  // --- assembly
  /** After a start that is the only one on this database: leases, claims and hook tries of dead processes end now. */
  releaseDeadHolders(): Promise<void>;
  /**
   * Takes the lease of one `assembling` upload that is due and not held: `id`, or the one due longest.
   * Adds 1 to `attempt`.
   * @param except uploads that the caller assembles already: a clock that jumps must not end its own leases
   */
  takeLease(
    holder: string,
    leaseMs: number,
    now: number,
    id?: string,
    except?: readonly string[],
  ): Promise<{ session: UploadSession; lease: Lease } | null>;
  /** False: the lease is no longer held (taken over, aborted). */
  renewLease(lease: Lease, leaseMs: number, now: number): Promise<boolean>;
  /** Records the derived file hash. */
  setHash(lease: Lease, hash: FileHash): Promise<boolean>;
  /**
   * assembling → receiving: these chunks are missing again (all, where null). Clears `copyFrom`, `publishing`, a
   * derived `hash`, and the suspicion of the other chunks, which were just verified. Puts off the expiry.
   */
  reopen(lease: Lease, damaged: readonly number[] | null, now: number): Promise<boolean>;
  /** The step after which an abort is refused; re-checks lease, status and (the first time) quota. */
  beginPublish(lease: Lease, quota: Quota, now: number): Promise<'publishing' | 'lost' | 'quota'>;
  /** assembling and publishing → completed. `hookDue`: the `completed` hook is to be called. */
  complete(
    lease: Lease,
    published: { path: string; hash: FileHash; hookDue: boolean },
    now: number,
  ): Promise<UploadSession | null>;
  /** assembling → failed. */
  fail(lease: Lease, error: ErrorView, now: number): Promise<boolean>;
  /** Gives the lease back; nobody takes it before `retryAt`. */
  retryLater(lease: Lease, retryAt: number): Promise<boolean>;
  /** Earliest time at which an assembly that nobody holds, or a call of the `completed` hook, is due; null: none. */
  nextDue(kind: 'assembly' | 'hook', passedOver?: readonly string[]): Promise<number | null>;

  // --- ends
  /** receiving | assembling (not publishing) → aborted. The session as it is afterwards; `moved` for exactly one call. */
  abort(owner: string, id: string, now: number): Promise<{ session: UploadSession; moved: boolean } | null>;
  /** receiving → expired where `expiresAt` ≤ now. At most `limit`. */
  expire(now: number, limit: number): Promise<UploadSession[]>;
  /** completed → gone, the file deleted. Drops chunk records: there is nothing to copy any more. Clears `movedTo`. */
  markGone(id: string, now: number): Promise<boolean>;
  /** Changes `movedTo` of a `completed` upload from `before` to `to`. False: it is not `before`, or not completed. */
  intendMove(id: string, before: string | null, to: string | null): Promise<boolean>;
  /**
   * completed → gone, where it is being moved to `to`. Drops chunk records. The upload is uncleaned again: names of
   * the file that the server still holds are to be removed.
   */
  markMoved(id: string, to: string, now: number): Promise<boolean>;
  /** Sessions in a final status whose staging may still hold bytes. */
  uncleaned(limit: number): Promise<UploadSession[]>;
  /**
   * Nothing is left to clean of an upload that is still in that (final) status. Drops chunk records, except of
   * completed uploads.
   */
  markCleaned(upload: Pick<UploadSession, 'id' | 'status'>): Promise<void>;
  /**
   * Deletes cleaned rows that ended before `endedBefore`, except completed ones and those whose `completed` hook is
   * due. Number deleted.
   */
  purge(endedBefore: number, limit: number): Promise<number>;

  // --- outbox of the `completed` hook
  /** Takes one due call: adds 1 to `hookAttempt`, and hides it from others until `now + leaseMs`. */
  takeHook(now: number, leaseMs: number, which?: WhichHook): Promise<UploadSession | null>;
  /** The hook is over; the first result stays. @param error why it has no result that can be kept, or null */
  hookDone(id: string, data: Json | null, error?: string | null): Promise<UploadSession | null>;
  hookFailed(id: string, error: string, retryAt: number): Promise<void>;
}
