import type { ErrorCode } from '../../../contract/index.js';
import type { CallArgs, CallName, CallResult } from './operations/index.js';

export type { DatabaseFiles, Migrate } from './files.js';

export type Call = { [Name in CallName]: { readonly name: Name; readonly args: CallArgs<Name> } }[CallName];

/** An error as data: errors lose their fields on the way between threads. */
export interface Fault {
  readonly code: ErrorCode;
  /** For whoever uses the server; null: the code's own message. */
  readonly message: string | null;
  /** For the log. */
  readonly detail: string;
}

export type Answer<Result = CallResult<CallName>> = { readonly result: Result } | { readonly fault: Fault };

/** The way to the one thread that uses the database. Opens it at the first use; rejects where the thread died. */
export interface Connection {
  /**
   * Opens the database, unless it is open; tags of the migrations that its opening applied.
   * @throws UploadError INTERNAL where the thread does not start as it should, STORE_UNAVAILABLE where it died
   */
  open(): Promise<Answer<string[]>>;
  /** Runs the calls in order in one transaction; each fails alone, but a failed commit fails them all. */
  run(calls: readonly Call[]): Promise<Answer[]>;
  /** Closes the database and frees the lock. */
  close(): Promise<void>;
}
