import { MultiBar } from 'cli-progress';
import type { UploadTask } from '../../client/index.js';
import { CLI_DEFAULTS, formatSize } from '../../contract/index.js';
import { formatDuration, printable } from '../text.js';
import type { FileReport } from '../upload/report.js';
import type { Display, Totals } from './display.js';
import { drawRow, fileRow, paint, type Row, totalRow } from './draw.js';
import { lookForStall, noStall, type Stall } from './stall.js';

interface Shown {
  readonly name: string;
  readonly task: UploadTask;
  stall: Stall;
}

/**
 * Progress on a terminal: one line per file that is being worked on, a total where there are several files, and above
 * them, to stay, a line for each file that has ended.
 */
export function createBars(
  streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream },
  totals: Totals,
): Display {
  const { stdout, stderr } = streams;
  const colour = stderr.hasColors?.() === true && !process.env.NO_COLOR;
  const running = new Set<UploadTask>();
  const settled = { files: 0, bytes: 0 };
  /** By line; a file keeps its line until it ends. */
  const lines: (Shown | null)[] = Array.from({ length: shownFiles(totals, stderr) }, () => null);
  const queue: Shown[] = [];
  const pending: { stream: NodeJS.WriteStream; line: string }[] = [];
  let drawn: Row[] = [];
  let closed = false;

  const multi = new MultiBar({
    stream: stderr,
    fps: CLI_DEFAULTS.framesPerSecond,
    hideCursor: true,
    linewrap: false,
    clearOnComplete: true,
    // Lines that are written above overwrite what was drawn.
    forceRedraw: true,
    // Signals are the command's.
    gracefulExit: false,
    format: (_options, _params, { line }: { line: number }) => {
      const row = drawn[line];
      // The last column stays free: some terminals wrap there.
      return row === undefined ? '' : drawRow(row, (stderr.columns || 80) - 1, colour);
    },
  });
  multi.on('update-pre', () => {
    drawn = rows();
  });
  multi.on('redraw-pre', () => {
    if (pending.length === 0) return;
    stderr.write('\x1b[J');
    for (const { stream, line } of pending.splice(0)) stream.write(`${line}\n`);
  });

  function rows(): Row[] {
    for (const [position, shown] of lines.entries()) {
      const over = shown === null || isOver(shown.task);
      if (over) lines[position] = nextInQueue();
    }
    const states = [...running].map((task) => task.state);
    const rows = totals.files > 1 ? [totalRow(states, settled, totals)] : [];
    for (const shown of lines) if (shown !== null) rows.push(rowOf(shown));
    return rows;
  }

  function nextInQueue(): Shown | null {
    for (let next = queue.shift(); next; next = queue.shift()) if (!isOver(next.task)) return next;
    return null;
  }

  function say(stream: NodeJS.WriteStream, line: string): void {
    if (closed || !stream.isTTY) stream.write(`${line}\n`);
    else {
      pending.push({ stream, line });
      multi.update();
    }
  }

  for (let line = 0; line < lines.length + (totals.files > 1 ? 1 : 0); line++) multi.create(1, 0, { line });

  return {
    add(_shown, label, task) {
      running.add(task);
      queue.push({ name: printable(label), task, stall: noStall });
    },
    ended(name, report, task) {
      if (task !== null && running.delete(task)) {
        settled.bytes += task.state.bytes;
        if (report.status === 'completed') settled.files++;
      }
      if (report.status === 'completed') say(stderr, endLine(printable(name), report, colour));
    },
    result: (line) => say(stdout, line),
    failure: (sentence) => say(stderr, `chunkwise: ${printable(sentence)}`),
    close() {
      if (closed) return;
      closed = true;
      multi.update();
      multi.stop();
    },
  };
}

/** A terminal that is less high than what is drawn would scroll it away. */
function shownFiles({ files }: Totals, { rows }: NodeJS.WriteStream): number {
  return Math.max(1, Math.min(files, CLI_DEFAULTS.shownFiles, (rows || 24) - 3));
}

function rowOf(shown: Shown): Row {
  const { state } = shown.task;
  shown.stall = lookForStall(shown.stall, state);
  return fileRow(shown.name, state, shown.stall.waiting);
}

function isOver({ state: { phase } }: UploadTask): boolean {
  return phase === 'completed' || phase === 'failed' || phase === 'cancelled';
}

function endLine(name: string, report: FileReport, colour: boolean): string {
  const { size, durationMs, sentBytes, resumed } = report;
  const mark = colour ? paint('green', '✔') : '✔';
  const sent = sentBytes === 0 ? ', there already' : resumed ? `, ${formatSize(sentBytes ?? 0)} sent` : '';
  return `${mark} ${name}  ${formatSize(size ?? 0)} in ${formatDuration(durationMs)}${size === 0 ? '' : sent}`;
}
