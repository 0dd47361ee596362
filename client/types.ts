import type {
  AbortInput,
  ChunkInput,
  FileHash,
  InitInput,
  Json,
  Metadata,
  PolicyInput,
  PolicyView,
  Progress,
  ResumeInput,
  UploadError,
  UploadView,
} from '../contract/for-clients.js';
import type { Source } from './sources.js';

/** What each call is given beside its input. */
export interface CallOptions {
  signal?: AbortSignal;
  /** tRPC's operation context; `uploadLink` finds `onUploadProgress` in it. */
  context?: Record<string, unknown>;
}

/**
 * The procedures that an uploader calls: `trpc.uploads` of a tRPC client whose router mounts Chunkwise. Written as
 * methods, so that a router with narrower inputs (typed metadata per policy) fits too.
 */
export interface UploadsClient {
  readonly policy: { query(input: PolicyInput, options?: CallOptions): Promise<PolicyView> };
  readonly init: { mutate(input: AnyInit, options?: CallOptions): Promise<UploadView> };
  readonly chunk: { mutate(input: ChunkInput, options?: CallOptions): Promise<Progress> };
  readonly resume: { query(input: ResumeInput, options?: CallOptions): Promise<UploadView> };
  readonly abort: { mutate(input: AbortInput, options?: CallOptions): Promise<UploadView> };
}

/** Policies have metadata of their own types: optional members, for one, are no JSON under exactOptionalPropertyTypes. */
type AnyInit = Omit<InitInput, 'metadata'> & { metadata?: object | undefined };

type InitOf<Client extends UploadsClient> = Parameters<Client['init']['mutate']>[0];
type ViewOf<Client extends UploadsClient> = Awaited<ReturnType<Client['init']['mutate']>>;

/** Names of that router's policies; any text where the router is not known. */
export type PolicyName<Client extends UploadsClient> = Exclude<InitOf<Client>['policy'], undefined>;

/** The policy of an upload that names none. */
type DefaultName<Client extends UploadsClient> =
  string extends PolicyName<Client> ? PolicyName<Client> : PolicyName<Client> & 'default';

/** The part of `init`'s input that a policy's name selects. */
type PolicyAndMetadata<Init, Name> = Init extends { policy?: infer Known }
  ? Name extends Exclude<Known, undefined>
    ? { [Key in keyof Init as Key extends 'policy' | 'metadata' ? Key : never]: Init[Key] }
    : never
  : never;

/** `metadata` of that policy, as `init` takes it. */
export type MetadataOf<Client extends UploadsClient, Name extends PolicyName<Client>> =
  PolicyAndMetadata<InitOf<Client>, Name> extends { metadata?: infer Meta } ? Meta : never;

/** What the `completed` hook of that policy answers; undefined while it has not succeeded. */
export type DataOf<Client extends UploadsClient, Name extends PolicyName<Client>> = DataIn<
  ViewOf<Client>,
  Name
>;
type DataIn<View, Name> = View extends { status: 'completed'; policy: infer Known }
  ? Name extends Known
    ? // tRPC leaves out what JSON never carries: a policy without the hook has no `data`.
      'data' extends keyof View
      ? View['data']
      : undefined
    : never
  : never;

export interface SourceOptions {
  /** Told to the server instead of the source's own name. */
  name?: string;
  relativePath?: string;
  /** Aborting it cancels the upload and keeps its session, so that the same file goes on later. */
  signal?: AbortSignal;
}

/** Options of an upload under that policy. */
export type UploadOptions<
  Client extends UploadsClient = UploadsClient,
  Name extends PolicyName<Client> = DefaultName<Client>,
> = SourceOptions & PolicyAndMetadata<InitOf<Client>, Name>;

/** For the default policy: none are needed, unless its metadata are, or there is no such policy. */
export type DefaultOptions<Client extends UploadsClient> = [DefaultName<Client>] extends [never]
  ? [options: 'chunkwise: this server wants `policy` to be named']
  : // biome-ignore lint/complexity/noBannedTypes: asks whether all options may be left out.
    {} extends UploadOptions<Client>
    ? [options?: UploadOptions<Client>]
    : [options: UploadOptions<Client>];

/** The same, and whoever is told of each task. */
export type DefaultOptionsOfAll<Client extends UploadsClient> = [
  ...DefaultOptions<Client>,
  onTask?: (task: UploadTask<DefaultData<Client>>) => void,
];

/** What an upload under the default policy gives. */
export type DefaultData<Client extends UploadsClient> = DataOf<Client, DefaultName<Client>>;

/** For code inside this package: the same without inference. */
export interface PlainUploadOptions extends SourceOptions {
  policy?: string | undefined;
  metadata?: Metadata | undefined;
}

/** Anything that can be uploaded. Bare bytes want a `name` in the options. */
export type SourceLike = Source | Blob | Uint8Array;

export interface UploadResult<Data = Json | undefined> {
  status: 'completed';
  uploadId: string;
  /** Where the file lies on the server, relative to its root. */
  path: string;
  /** The file hash: not what `sha256sum` prints of the file. */
  hash: FileHash;
  /** Bytes. */
  size: number;
  /** The upload began with a session that already held chunks; all of them, where the file was known. */
  resumed: boolean;
  /** Bytes of chunk bodies that went out, repeats included. */
  sentBytes: number;
  /** Requests that had to be sent again. */
  retries: number;
  durationMs: number;
  /** What the server's `completed` hook answered. */
  data: Data;
}

export type Phase =
  | 'waiting'
  | 'hashing'
  | 'uploading'
  | 'assembling'
  | 'paused'
  | 'completed'
  | 'failed'
  | 'cancelled';

/**
 * A frozen snapshot; a new object after each change. Numbers never go back within a phase. Where a lost session is
 * replaced by one that cuts the file otherwise, `chunks` and `total` begin anew.
 */
export interface TaskState {
  readonly phase: Phase;
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes that the server acknowledged, plus what is on the way; `size` only once all are acknowledged. */
  readonly bytes: number;
  /** `bytes` as a share of the file, within [0, 1]; 1 only when the upload is completed. */
  readonly fraction: number;
  /** Acknowledged chunks. */
  readonly chunks: number;
  /** Number of chunks, once known. */
  readonly total: number | null;
  readonly hashedBytes: number;
  /** Bytes to hash in all: a file may be hashed more than once, with the chunk sizes of earlier sessions. */
  readonly hashTotalBytes: number;
  /** Bytes per second, lately; null while nothing moves. */
  readonly speed: number | null;
  /** Milliseconds to the last byte at that speed; null where that is unknown. */
  readonly etaMs: number | null;
  readonly retries: number;
  /** Why the last request failed, while it is sent again: what the upload is waiting for. Null while it goes on. */
  readonly retrying: UploadError | null;
  readonly resumed: boolean;
  readonly uploadId: string | null;
  /** Set when completed. */
  readonly path: string | null;
  /** Set when failed or cancelled. */
  readonly error: UploadError | null;
}

/** One upload, from `add` on. Not a promise: `await task.result`. */
export interface UploadTask<Data = Json | undefined> {
  /** Local to this uploader; the server's id is `state.uploadId`. */
  readonly id: string;
  /** 'default' where none was named. */
  readonly policy: string;
  /** Path below the folder that was chosen, with `/`. */
  readonly relativePath: string | undefined;
  /** Stays the same object from one call of the listeners to the next. */
  readonly state: TaskState;
  /** Called after each change of `state`. @returns what ends the subscription */
  subscribe(listener: () => void): () => void;
  /** Stops the requests; chunks on the way are sent again later. Nothing is lost. No effect once settled. */
  pause(): void;
  /** Goes on after `pause`, with what the server still misses. */
  continue(): void;
  /**
   * Stops every request of the upload; `result` rejects with CANCELLED. The session stays, so that a later upload of
   * the same file goes on, unless `discard` asks the server to abort it.
   * @returns when all has stopped and, with `discard`, the server has answered
   * @throws UploadError where the server could not be asked to abort
   */
  cancel(options?: { discard?: boolean }): Promise<void>;
  /** Rejects with an UploadError. Nobody needs to look: it never becomes an unhandled rejection. */
  readonly result: Promise<UploadResult<Data>>;
}

/** How one file of `uploadAll` ended. */
export type Settled<Data = Json | undefined> =
  | { status: 'completed'; name: string; relativePath: string | undefined; result: UploadResult<Data> }
  | { status: 'failed'; name: string; relativePath: string | undefined; error: UploadError };
