import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Readable } from 'node:stream';
import type { FileHash, Metadata } from '../../contract/index.js';
import type { NodeRequest } from '../receive/body/node.js';
import type { ByteRange } from '../stores/store.js';

/** A completed upload's file. */
export interface StoredFile {
  readonly uploadId: string;
  readonly owner: string;
  readonly policy: string;
  /** The client's word for it: text, never a path. */
  readonly name: string;
  readonly relativePath: string | null;
  /** As the client declared it; nobody looked whether it is true, unless your policy did. */
  readonly type: string | null;
  readonly metadata: Metadata | null;
  /** Relative to the root. */
  readonly path: string;
  readonly absolutePath: string;
  /** Bytes. */
  readonly size: number;
  readonly hash: FileHash;
  /** Milliseconds since 1970. */
  readonly completedAt: number;
  /**
   * The `completed` hook of its policy. `lastError`: why the last try failed, where one is still to come; or why the
   * answer of a hook that is over could not be kept.
   */
  readonly hook: { readonly pending: boolean; readonly attempts: number; readonly lastError: string | null };
}

/** With `owner`, other owners' uploads are unknown; with `owner` null or undefined, all are. Without it none is. */
export interface FileAccess {
  owner?: string | null | undefined;
}

export type ServeOptions = {
  id: string;
  /** Default 'attachment'. 'inline': shown by browsers, where the declared type is one that runs nothing. */
  disposition?: 'attachment' | 'inline';
  /** The name to save it under. Default: the upload's. */
  name?: string;
} & (
  | {
      /** Who asks; null answers 401. Somebody else's upload is answered as unknown. */
      owner: string | null;
    }
  | {
      /** Whoever asks may have it. */
      anyone: true;
    }
);

/** A request of Node, HTTP/1 or HTTP/2; also Express's, and Fastify's `request.raw`. */
export type { NodeRequest };
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * Completed files, for the server's own code. Without `owner` no owner is checked. All methods reject with an
 * UploadError: STORE_UNAVAILABLE where the disk fails, SERVER_BUSY where the server stops.
 */
export interface Files {
  /** Null: no completed upload has this id, or its file is gone. */
  stat(uploadId: string, access?: FileAccess): Promise<StoredFile | null>;
  /**
   * The file's bytes, opened before this resolves: a file that is removed afterwards is read to its end all the same.
   * Read the stream to its end, or destroy it.
   * @param range positions of the first and the last byte, both included
   * @throws UploadError UPLOAD_NOT_FOUND; INPUT_INVALID for a range that is not within the file
   */
  open(uploadId: string, range?: ByteRange, access?: FileAccess): Promise<Readable>;
  /** Deletes the file; the upload is `gone`. False where there was none. */
  remove(uploadId: string, access?: FileAccess): Promise<boolean>;
  /**
   * Gives the file to the app, at a path of its own: the upload is `gone` afterwards, and counts for no quota.
   * Replaces nothing, makes missing folders, and is on the disk when this resolves. On one file system it costs the
   * same for any size; to another one the file is copied, and compared. May be called again with the same path
   * after any failure or crash, also from a `completed` hook that is tried again: then it does what is left to do.
   * @param to absolute, outside of the root's `staging` and `files`. The file there may be read and written by the
   *   server's user alone (mode 0600); change that as you need it.
   * @throws UploadError TARGET_EXISTS; INPUT_INVALID where no file can be at that path; UPLOAD_NOT_FOUND;
   *   UPLOAD_CLOSED where it was moved to another path before
   */
  move(uploadId: string, to: string): Promise<void>;
  /**
   * Answers a GET or HEAD request with the file: ranges, conditions (304, 412, 416), a safe type and name. Errors are
   * answers too, `{ error, code }` as JSON: 401, 404, 405, 503. The body is read as the client takes it; a client that
   * leaves closes the file.
   */
  serve(request: Request | NodeRequest, options: ServeOptions): Promise<Response>;
  /** The same on Node's own response. Resolves when the answer is sent, or the client has left. */
  serve(request: NodeRequest, response: NodeResponse, options: ServeOptions): Promise<void>;
}
