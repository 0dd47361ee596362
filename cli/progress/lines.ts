import type { TaskState } from '../../client/index.js';
import { CLI_DEFAULTS, formatSize, POLICY_DEFAULTS } from '../../contract/index.js';
import type { Output } from '../output.js';
import { formatClock, formatDuration, printable } from '../text.js';
import type { Display } from './display.js';
import { lookForStall, noStall, type Stall } from './stall.js';

/** Progress for logs and pipes: a line at each step of a file, on stderr. */
export function createLines(output: Output): Display {
  return {
    add(shown, _label, task) {
      const teller = createTeller((text) => output.note(`${printable(shown)}: ${text}`));
      task.subscribe(() => teller(task.state));
    },
    ended(shown, { status, size, durationMs }) {
      if (status === 'completed' && size !== null)
        output.note(`${printable(shown)}: completed, ${formatSize(size)} in ${formatDuration(durationMs)}`);
    },
    result: output.result,
    failure: output.failure,
    close() {},
  };
}

/** Tells a task's steps, each once: phases, every tenth of the bytes, and waiting for a server that went away. */
function createTeller(tell: (text: string) => void): (state: TaskState) => void {
  let phase: TaskState['phase'] = 'waiting';
  let toldPercent = 0;
  let stall: Stall = noStall;

  return (state) => {
    const waited = stall.waiting;
    stall = lookForStall(stall, state);
    // Before there is an upload, the failure itself says all there is to say.
    if (stall.waiting && !waited && state.uploadId !== null) tell('waiting for the server…');
    // Of a file that is there at once, its end says all.
    if (state.size <= POLICY_DEFAULTS.thresholdBytes) return;
    if (state.phase !== phase) {
      phase = state.phase;
      const text = phaseText(state);
      if (text !== null) tell(text);
      if (phase === 'uploading') toldPercent = Math.max(toldPercent, stepOf(state));
    }
    const step = stepOf(state);
    if (state.phase !== 'uploading' || step <= toldPercent) return;
    toldPercent = step;
    const speed = state.speed === null ? '' : `, ${formatSize(Math.round(state.speed))}/s`;
    const left = state.etaMs === null ? '' : `, ${formatClock(state.etaMs)} left`;
    tell(`${step}% of ${formatSize(state.size)}${speed}${left}`);
  };
}

function stepOf({ fraction }: TaskState): number {
  const percent = Math.floor(fraction * 100);
  return percent - (percent % CLI_DEFAULTS.linePercent);
}

function phaseText({ phase, size, resumed, fraction }: TaskState): string | null {
  if (phase === 'hashing') return `hashing ${formatSize(size)}`;
  if (phase === 'assembling') return 'assembling';
  if (phase !== 'uploading') return null;
  return resumed
    ? `resuming, ${Math.floor(fraction * 100)}% of ${formatSize(size)} are there`
    : `uploading ${formatSize(size)}`;
}
