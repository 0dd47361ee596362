import * as CLIENT_DEFAULTS from '../../contract/client-defaults.js';
import type { TaskState } from '../types.js';
import type { PlainUppy } from './plain.js';
import type { Say } from './strings.js';

/**
 * Tells why uploads stand still, once for all files until one of them moves, or all have ended: the Dashboard shows a
 * bar that stands still, and not why.
 * @returns what is called with the states of all that run, when one has changed
 */
export function createStall(uppy: PlainUppy, say: Say): (states: readonly TaskState[]) => void {
  let isTold = false;
  return (states) => {
    const moves = states.some(({ phase, speed }) => phase === 'uploading' && speed !== null);
    if (moves || states.length === 0) isTold = false;
    const reason = states.find(({ retrying }) => retrying !== null)?.retrying;
    if (moves || isTold || !reason) return;
    isTold = true;
    const info = { message: say('tryingAgain'), details: reason.message };
    uppy.info(info, 'warning', CLIENT_DEFAULTS.maxBackoffMs);
  };
}
