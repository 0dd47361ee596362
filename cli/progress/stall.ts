import type { TaskState } from '../../client/index.js';

/** What is remembered of a task to see whether its requests are failing. */
export interface Stall {
  readonly retries: number;
  readonly bytes: number;
  readonly chunks: number;
  readonly phase: TaskState['phase'];
  /** Requests failed, and nothing has moved since: the client is waiting for the server. */
  readonly waiting: boolean;
}

export const noStall: Stall = { retries: 0, bytes: 0, chunks: 0, phase: 'waiting', waiting: false };

/** Pure: what is remembered after a look at the task. */
export function lookForStall(before: Stall, { retries, bytes, chunks, phase, speed }: TaskState): Stall {
  const moved =
    bytes > before.bytes || chunks > before.chunks || phase !== before.phase || (speed !== null && speed > 0);
  const waiting = retries > before.retries || (before.waiting && !moved);
  return { retries, bytes, chunks, phase, waiting: waiting && phase !== 'completed' && phase !== 'failed' };
}
