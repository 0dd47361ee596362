import type http from 'node:http';
import type { TRPCError } from '@trpc/server';
import { KiB, type PlanRules, type UploadError } from '../../../contract/index.js';
import type { Session } from './sessions.js';

/** A request as scripts see it. `attempt` counts from 1, per chunk or per procedure. */
export interface Request {
  path: string;
  uploadId?: string;
  index?: number;
  attempt: number;
}

export type Fault =
  /** Break the connection: before the body was read, in its middle, or after the work, without the answer. */
  | { drop: 'early' | 'middle' | 'answer' }
  /** Answer without tRPC. */
  | { status: number; html?: string; json?: unknown; headers?: Record<string, string> }
  /** Damage the body on its way. */
  | { flip: true }
  /** Let the request wait first. */
  | { hold: Promise<void>; then?: Fault }
  /** Never answer. */
  | { stall: true }
  /** Fail as the procedure would. */
  | { error: UploadError | TRPCError };

export interface Script {
  fault?(request: Logged): Fault | undefined;
  /** Called when all chunks of an upload are there; the status it leaves is answered. */
  full?(session: Session): void | Promise<void>;
  /** Ranges in one `missing`. */
  rangeLimit?: number;
  rules?: Partial<PlanRules>;
  maxParallelChunks?: number;
  resumable?: number[];
  /** Called while a chunk's body is here and before it is accepted. */
  receiving?(request: Request): Promise<void>;
}

export interface Logged extends Request {
  /** The client closed the connection before it had an answer. */
  aborted: boolean;
  headers: http.IncomingHttpHeaders;
  bodyBytes: number;
}

/** Small chunks, so that small files have many. */
export const SMALL = {
  threshold: 8 * KiB,
  chunkSize: 4 * KiB,
  minChunkSize: KiB,
  maxChunkSize: 64 * KiB,
};
