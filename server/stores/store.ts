import type { Readable } from 'node:stream';
import type { ChunkRange } from '../../contract/index.js';

/** What a store needs to know of an upload. Frozen at `init`. */
export interface StoredUpload {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly chunkSize: number;
  readonly total: number;
}

/** A chunk with the hash that was, or is to be, verified. */
export interface StoredChunk extends ChunkRange {
  readonly hash: string;
}

/** Positions of bytes in a file, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type WriteOutcome = { ok: true } | { ok: false; received: string };

/**
 * Where bytes live. Only the server core calls a store, and it guarantees: chunks follow the upload's plan, at most
 * one writer per (upload, index) at a time, no writer once `stage` has begun, one process per upload.
 *
 * Obligations of every implementation (`test/stores/conformance.ts` checks them):
 * - Nothing is visible under `files/` before `publish`, and nothing is written to a published file, ever.
 * - A method that rejects does so, unless it says otherwise, with an UploadError: STORAGE_FULL (no room, no inodes, quota of the disk),
 *   SERVER_BUSY (no thread, no descriptor free) or STORE_UNAVAILABLE (anything else, also a worker that died). All are
 *   retryable. `cause` holds the original, with paths and a sentence for operators; the message may go to clients.
 *   Where a signal took work out of the queue, with the signal's reason.
 * - Every method but `write` may be called again after a crash at any point, and then does what is left to do.
 * - Names reach the disk only as `safeName(upload.name)`; symbolic links are never followed.
 */
export interface Store {
  readonly kind: 'in-place' | 'multi-file' | 's3';
  /** The largest file it can hold, in bytes. */
  readonly maxFileSizeBytes: number;
  readonly maxChunks: number;

  /** Makes the root usable and checks that staging and files are on one file system. Idempotent. */
  ready(): Promise<void>;
  /**
   * Makes the staging entry. Idempotent; keeps what is there, except an entry that this kind of store cannot use.
   * The only method that makes one, besides `copy`.
   */
  create(upload: StoredUpload): Promise<void>;
  /** The staging entry is there. Rejects where all of staging is gone: then nothing is known. */
  exists(upload: StoredUpload): Promise<boolean>;
  /**
   * Hashes `body`, compares, and only then writes. On a mismatch nothing was written. Also rejects with
   * CHUNK_INCOMPLETE where the body has not `chunk.size` bytes.
   * @param body the chunk's bytes, in order; handed over: memory that they fill alone moves away, so the caller must
   *   not touch them again, whatever the outcome
   * @param options.sync the bytes are on the disk before this resolves
   * @param options.signal takes the work out of the queue; once it writes it runs to its end
   */
  write(
    upload: StoredUpload,
    chunk: StoredChunk,
    body: Uint8Array[],
    options: { sync: boolean; signal?: AbortSignal },
  ): Promise<WriteOutcome>;
  /** Reads stored chunks again. Answers the indexes, ascending, whose bytes are missing, short or do not hash. */
  verify(upload: StoredUpload, chunks: readonly StoredChunk[], signal?: AbortSignal): Promise<number[]>;
  /** Puts written chunks on the disk. After a rejection the bytes since the last success are not to be trusted. */
  sync(upload: StoredUpload): Promise<void>;
  /**
   * Turns the chunks into one staged file. `recheck` are the chunks to read again and compare; a store that reads
   * chunks anyway compares them all.
   * @returns damaged indexes, ascending; if any, the staged file is not whole
   */
  stage(
    upload: StoredUpload,
    chunks: readonly StoredChunk[],
    recheck: ReadonlySet<number>,
    signal?: AbortSignal,
  ): Promise<number[]>;
  /** The staged file, for hooks that look into it before it is published. Call after `stage`. */
  stagedPath(upload: StoredUpload): string;
  /** Puts the staged file on the disk. After a rejection its bytes are not to be trusted. */
  syncStaged(upload: StoredUpload): Promise<void>;
  /**
   * Moves the staged file to `files/<id>/<safe name>`, durably, without replacing anything. Called again after it
   * had moved the file, it completes what was left; so ask `published` before `copy` or `stage` are repeated: with
   * another staged file beside the published one it rejects.
   * @returns the path relative to the root, with `/`
   */
  publish(upload: StoredUpload): Promise<string>;
  /**
   * The published file's path where it is there with the upload's size, else null. Rejects where all of `files` is
   * gone: then nothing is known.
   */
  published(upload: StoredUpload): Promise<string | null>;
  /**
   * Makes the staging entry of `to` a copy of the published file of `from` (same size, same plan); false where that
   * is not there. `stage` and `verify` then find the chunks in it, unless they were written since.
   */
  copy(from: StoredUpload, to: StoredUpload, signal?: AbortSignal): Promise<boolean>;
  /** Removes all that staging holds of the upload, and an empty folder that a broken-off `publish` left. */
  discard(upload: StoredUpload): Promise<void>;
  /** Removes the published file; false where there was none. */
  remove(upload: StoredUpload): Promise<boolean>;
  /** A published file's absolute path. */
  publishedPath(upload: StoredUpload): string;
  /**
   * Opens the published file, before anything is answered: a file that is removed later is read to its end all the
   * same. The caller reads the stream to its end or destroys it. Null where the file is not there with the upload's
   * size.
   * @param range positions of the first and the last byte, both within the file; without it all
   */
  open(upload: StoredUpload, range?: ByteRange): Promise<Readable | null>;

  /**
   * Gives the published file the further name `to`, durably, replacing nothing; missing folders are made. On another
   * file system that is a copy, whose chunks are hashed before it gets the name. The published file stays until
   * `letGo`, so that at any point between the two all of it is here. Called again, it does what is left to do.
   * @param to absolute and normalized
   * @param chunks all chunks of the upload, asked for where the bytes are copied
   * @returns false where the published file is not there
   * @throws UploadError TARGET_EXISTS, INPUT_INVALID (nothing can or may be there): `takeBack` then forgets the try
   */
  giveAway(upload: StoredUpload, to: string, chunks: () => Promise<readonly StoredChunk[]>): Promise<boolean>;
  /**
   * Undoes a `giveAway`, whole or broken off. Changes nothing where the published file is not there any more.
   * @returns false where the target is out of reach (no right to it, a dead disk): something may be left there
   */
  takeBack(upload: StoredUpload, to: string): Promise<boolean>;
  /** After `giveAway` and the record of it: removes every other name of the file that this store made. */
  letGo(upload: StoredUpload, to: string): Promise<void>;
  /** Ids that have an entry in staging or under files, in no order. */
  entries(): AsyncIterable<{ id: string; area: 'staging' | 'files' }>;
  /**
   * Removes an entry that no session knows; false where it stays. What lies under `files` may be all that is left
   * of somebody's file, after a database was lost or restored: there, only an empty folder is removed.
   */
  removeOrphan(entry: { id: string; area: 'staging' | 'files' }): Promise<boolean>;
  /** Room left for uploads, in bytes. */
  freeBytes(): Promise<number>;
}
