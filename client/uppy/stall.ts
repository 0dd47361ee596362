import * as CLIENT_DEFAULTS from '../../contract/client-defaults.js';
import type { TaskState } from '../types.js';
import type { PlainUppy } from './plain.js';
import type { Say } from './strings.js';

/**
 * Tells why uploads stand still, once for all files until one of them moves: the Dashboard shows a bar that stands
 * still, and not why.
 */
export function createStall(uppy: PlainUppy, say: Say): (state: TaskState) => void {
  let isTold = false;
  return ({ phase, retrying, speed }) => {
    if (phase === 'uploading' && speed !== null) isTold = false;
    if (isTold || retrying === null || speed !== null) return;
    isTold = true;
    const info = { message: say('tryingAgain'), details: retrying.message };
    uppy.info(info, 'warning', CLIENT_DEFAULTS.maxBackoffMs);
  };
}
