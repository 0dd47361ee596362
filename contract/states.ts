/** All that an upload can be. */
export const STATUSES = [
  'receiving',
  'assembling',
  'completed',
  'gone',
  'aborted',
  'expired',
  'failed',
] as const satisfies string[];

export type Status = (typeof STATUSES)[number];

/**
 * The one table of allowed moves. Each move is one conditional update in the session repository, so of several
 * processes that want it exactly one succeeds.
 *
 * `assembling → assembling` is an assembler that takes over a lease (attempt + 1); `assembling → receiving`
 * happens where stored chunks no longer hash: they are missing again; `completed → gone` where the published
 * file was deleted, or moved to a place of the app's own.
 */
export const MOVES = {
  receiving: ['assembling', 'aborted', 'expired', 'failed'],
  assembling: ['assembling', 'receiving', 'completed', 'aborted', 'failed'],
  completed: ['gone'],
  gone: [],
  aborted: [],
  expired: [],
  failed: [],
} as const satisfies Record<Status, readonly Status[]>;

/** Sessions that an `init` of the same file joins: they hold, or can still receive, its bytes. */
export const MATCHING_STATUSES = ['receiving', 'assembling', 'completed'] as const satisfies Status[];

/** No chunk will change the upload any more, and no assembly is under way. */
export const FINAL_STATUSES = [
  'completed',
  'gone',
  'aborted',
  'expired',
  'failed',
] as const satisfies Status[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

export function isFinal(status: Status): status is FinalStatus {
  return (FINAL_STATUSES as readonly Status[]).includes(status);
}

export function canMove(from: Status, to: Status): boolean {
  return (MOVES[from] as readonly Status[]).includes(to);
}
