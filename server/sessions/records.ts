import type { ErrorView, FileHash, Json, Metadata, Mode, Status } from '../../contract/index.js';

/** The persisted state of one upload. Times are milliseconds since 1970, sizes bytes. */
export interface UploadSession {
  readonly id: string;
  readonly owner: string;
  readonly policy: string;
  /** The client's words, kept exactly (any Unicode, NUL and lone surrogates too); never a path. */
  readonly name: string;
  readonly relativePath: string | null;
  readonly type: string | null;
  readonly lastModified: number | null;
  readonly metadata: Metadata | null;
  readonly size: number;
  readonly mode: Mode;
  readonly chunkSize: number;
  readonly total: number;
  /** What `init` declared; null means "hashed while sending", and such a session is found by id only. */
  readonly declaredHash: FileHash | null;
  /** The declared hash, or the one derived from the accepted chunks once assembly has computed it. */
  readonly hash: FileHash | null;
  readonly status: Status;
  readonly receivedChunks: number;
  readonly receivedBytes: number;
  /** Index of the accepted chunk with the highest acceptance sequence. */
  readonly lastReceived: number | null;
  /** Highest acceptance sequence given out; 0 before the first chunk. */
  readonly lastSeq: number;
  /** All chunks with a sequence up to here are known to be on the disk. */
  readonly syncedSeq: number;
  /** Some accepted chunks must be hashed again before `missing` is told (see `markBoot`). */
  readonly suspect: boolean;
  /** The completed upload, of the same owner and content, whose published file this one copies. */
  readonly copyFrom: string | null;
  /** Assemblies begun so far. */
  readonly attempt: number;
  /** Assembly has passed the point after which an abort is refused. */
  readonly publishing: boolean;
  /** Bytes may lie in staging, or be left by `markMoved`. True from creation until `markCleaned`. */
  readonly staged: boolean;
  /** Relative to the root; set when completed, and kept when gone. */
  readonly path: string | null;
  /** Absolute. `completed`: where the file is being moved to. `gone`: where it was moved to; null: it was deleted. */
  readonly movedTo: string | null;
  /** First result of the `completed` hook. */
  readonly data: Json | null;
  /** The `completed` hook has not succeeded yet. */
  readonly hookDue: boolean;
  readonly hookAttempt: number;
  /** Why its last try failed, or its result was not kept: for the server's own code, never for clients. */
  readonly hookError: string | null;
  readonly error: ErrorView | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When the upload reached a final status. */
  readonly endedAt: number | null;
}

export interface ChunkRecord {
  readonly index: number;
  readonly hash: string;
  /** Acceptance sequence within the upload, from 1; a repeated acceptance takes a new one. */
  readonly seq: number;
  /** The server process that hashed and wrote the bytes. Null for chunks taken over from another upload. */
  readonly writer: string | null;
  readonly suspect: boolean;
}

/** `copyFrom`: begin in `assembling` with the chunk records of this completed upload (same owner, hash, chunkSize). */
export type NewUpload = Pick<
  UploadSession,
  | 'id'
  | 'owner'
  | 'policy'
  | 'name'
  | 'relativePath'
  | 'type'
  | 'lastModified'
  | 'metadata'
  | 'size'
  | 'mode'
  | 'chunkSize'
  | 'total'
  | 'declaredHash'
  | 'copyFrom'
>;

/** Bounds per owner, summed over rows in `receiving`, `assembling` and `completed`. */
export interface Quota {
  readonly maxBytes: number | null;
  readonly maxUploads: number | null;
}

/** When sessions end by themselves; see SERVER_DEFAULTS. */
export interface ExpiryRules {
  readonly idleMs: number;
  readonly maxLifetimeMs: number;
}

export type CreateOutcome =
  | { kind: 'created'; session: UploadSession }
  /** A session of the same identity is there already: the caller continues it. */
  | { kind: 'joined'; session: UploadSession }
  | { kind: 'quota' };

export interface ClaimRequest {
  readonly uploadId: string;
  readonly index: number;
  readonly hash: string;
  readonly now: number;
}

export type ClaimOutcome =
  /** The right to write. `repair`: these bytes were accepted before, writing them again can only repair. */
  | { kind: 'granted'; claim: Claim; repair: boolean }
  /** Accepted before with the same hash, and the upload takes no more writes: a success without a write. */
  | { kind: 'duplicate'; session: UploadSession }
  /** Another hash was accepted for this index, and the upload is receiving or assembling. */
  | { kind: 'conflict'; accepted: string }
  | { kind: 'closed'; session: UploadSession }
  /** Another request holds a claim on this index: wait for `whenReleased` and ask again. */
  | { kind: 'busy' }
  | { kind: 'unknown' };

/** Held from before the worker starts until it has answered; ends by `accept` or `release`. */
export interface Claim {
  readonly uploadId: string;
  readonly index: number;
  readonly hash: string;
  /** Distinguishes this holder from any earlier one. */
  readonly token: string;
}

export interface Acceptance {
  readonly size: number;
  readonly writer: string;
  /** The bytes were synced before this call (`durability: 'chunk'`). */
  readonly synced: boolean;
  readonly now: number;
}

export type AcceptOutcome =
  /**
   * Nothing changed where this chunk had been accepted before and the last other one arrived while it was repaired.
   * `completing`: this acceptance moved the upload to `assembling`; true for exactly one call of an upload's round.
   */
  | { kind: 'accepted'; session: UploadSession; completing: boolean }
  | { kind: 'closed'; session: UploadSession }
  | { kind: 'unknown' };

/** The right to assemble, proved by each later step of the assembly. */
export interface Lease {
  readonly uploadId: string;
  readonly holder: string;
  readonly attempt: number;
}

/** Of one upload, or of the one due longest whose policy is not among these. */
export type WhichHook = { readonly id: string } | { readonly passedOver: readonly string[] };

export interface ListQuery {
  readonly owner: string;
  /** Only uploads in one of them; absent: in any. */
  readonly statuses?: readonly Status[] | undefined;
  /** Opaque; from `nextCursor`. An unreadable one throws UploadError INPUT_INVALID. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}
