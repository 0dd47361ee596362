/** The tasks that run in worker threads: names, arguments, results. Plain data only, so that they can be posted. */

/** Where a chunk's bytes lie, or are to lie. */
export interface Extent {
  readonly path: string;
  /** Position of the first byte in the file at `path`. */
  readonly offset: number;
  readonly size: number;
  /** SHA-256, 64 lower-case hex digits. */
  readonly hash: string;
}

export interface TaskMap {
  /** Hashes the buffers, compares, and only then writes them; nothing is written on a mismatch. */
  writeChunk: {
    args: {
      extent: Extent;
      /** The bytes in order; their memory is transferred. */
      buffers: Uint8Array[];
      /** 'existing': the file must be there. 'whole': the file holds this chunk alone; it is made, and cut to its size. */
      target: 'existing' | 'whole';
      /** Sync the file (and, for 'whole', its folder) before answering. */
      sync: boolean;
    };
    result: { ok: true } | { ok: false; received: string };
  };
  /** Positions in `extents` whose bytes are missing, short, or have another hash. */
  verifyChunks: { args: { extents: Extent[] }; result: number[] };
  /**
   * Copies each source, while comparing its hash, to its offset in `target`, which must be there. Positions of
   * sources that are damaged.
   */
  reassemble: { args: { sources: (Extent & { targetOffset: number })[]; target: string }; result: number[] };
  /** SHA-256 over concatenated raw chunk hashes, as hex. */
  hashOfHashes: { args: { joined: Uint8Array }; result: string };
  /** Hashes pieces of a file; UNREADABLE where it ends before one of them does. */
  hashFile: { args: { path: string; pieces: { offset: number; size: number }[] }; result: string[] };
  syncFile: { args: { path: string }; result: null };
  syncFolder: { args: { path: string }; result: null };
  /** Copies a file to a new one; what is at `to` goes first, and is never written through a link. */
  copyFile: { args: { from: string; to: string }; result: null };
  /** Proves that a worker starts and answers, and tells its version. */
  ping: { args: null; result: string };
}

export type TaskName = keyof TaskMap;
export type TaskArgs<Name extends TaskName> = TaskMap[Name]['args'];
export type TaskResult<Name extends TaskName> = TaskMap[Name]['result'];

/**
 * A system call that failed in a worker, or a path that is not the regular file (NOT_A_FILE) or folder (NOT_A_FOLDER)
 * that it should be. Errors lose their `code` on the way between threads, so it goes as data.
 */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

export type TaskAnswer<Name extends TaskName> = { result: TaskResult<Name> } | { fault: Fault };

/** Runs tasks: a pool of threads, or, in simulations, the caller's own thread. */
export interface TaskRunner extends AsyncDisposable {
  /**
   * @param options.transfer memory that moves to the worker
   * @param options.signal takes the task out of the queue; a task that has begun runs to its end
   * @throws TaskError where a system call failed; UploadError SERVER_BUSY where the queue is full; the signal's
   *   reason where it aborted in time; UploadError INTERNAL where the worker died
   */
  run<Name extends TaskName>(
    name: Name,
    args: TaskArgs<Name>,
    options?: { transfer?: ArrayBuffer[]; signal?: AbortSignal },
  ): Promise<TaskResult<Name>>;
}

/** A system call failed in a task; `code` is the system's, e.g. ENOSPC, or one that `Fault` names. */
export class TaskError extends Error {
  override readonly name = 'TaskError';
  readonly code: string;

  constructor({ code, message }: Fault) {
    super(message);
    this.code = code;
  }
}
