import { styleText } from 'node:util';
import type { TaskState } from '../../client/index.js';
import { formatSize } from '../../contract/index.js';
import { columnsOf, fit, formatClock } from '../text.js';
import type { Totals } from './display.js';

/** One line of progress, as parts that are laid out over the terminal's width. */
export interface Row {
  /** What is being done: the first column. */
  readonly label: string;
  readonly name: string;
  /** Within [0, 1]. */
  readonly fraction: number;
  /** Hashed, within [0, 1]: drawn lighter, behind `fraction`. */
  readonly ahead: number;
  /** Bytes, speed, time left: each as wide as its widest value, so that nothing moves but the bar. */
  readonly details: readonly string[];
}

/** Most of what is shown as long as a file is not completed. */
const ALMOST = 0.999;
const LABEL_COLUMNS = 'assembling'.length;
const SIZE_COLUMNS = '1023 MiB'.length;
const SPEED_COLUMNS = '1023 MiB/s'.length;
const LEFT_COLUMNS = '59:59 left'.length;
const PERCENT_COLUMNS = '100%'.length;
const MIN_NAME_COLUMNS = 10;
const MAX_NAME_COLUMNS = 32;
const MIN_BAR_COLUMNS = 8;
const MAX_BAR_COLUMNS = 40;
/** From this width on, columns stand further apart. */
const WIDE_COLUMNS = 100;

export function fileRow(name: string, state: TaskState, waiting: boolean): Row {
  const { phase, size, bytes, fraction, hashedBytes, hashTotalBytes, speed, etaMs } = state;
  const hashing = phase === 'hashing';
  const ahead = hashTotalBytes === 0 ? 1 : hashedBytes / hashTotalBytes;
  const amount = amountOf(hashing ? Math.min(size, hashedBytes) : bytes, size);
  return {
    label: phase,
    name,
    fraction,
    ahead,
    details: waiting ? ['waiting for the server…', amount] : [amount, ...pace(speed, etaMs)],
  };
}

/**
 * @param running files that have begun and not ended
 * @param settled number of completed files, and bytes that ended uploads have sent
 */
export function totalRow(
  running: readonly TaskState[],
  settled: { readonly files: number; readonly bytes: number },
  { files, bytes }: Totals,
): Row {
  let there = settled.bytes;
  let hashed = settled.bytes;
  let speed = 0;
  for (const state of running) {
    there += state.bytes;
    hashed += state.phase === 'hashing' ? Math.min(state.size, state.hashedBytes) : state.bytes;
    if (state.phase === 'uploading') speed += state.speed ?? 0;
  }
  const left = bytes - there;
  return {
    label: 'total',
    name: `${settled.files}/${files} files`,
    // As with a single file: all bytes may be there while the server still puts them together, or refuses them.
    fraction:
      settled.files === files ? 1 : Math.min(ALMOST, bytes === 0 ? settled.files / files : there / bytes),
    ahead: bytes === 0 ? 0 : hashed / bytes,
    details: [amountOf(there, bytes), ...pace(speed || null, speed > 0 ? (left * 1000) / speed : null)],
  };
}

function amountOf(bytes: number, size: number): string {
  return `${formatSize(bytes).padStart(SIZE_COLUMNS)}/${formatSize(size).padEnd(SIZE_COLUMNS)}`;
}

function pace(speed: number | null, etaMs: number | null): string[] {
  return [
    (speed === null ? '' : `${formatSize(Math.round(speed))}/s`).padStart(SPEED_COLUMNS),
    (etaMs === null ? '' : `${formatClock(etaMs)} left`).padStart(LEFT_COLUMNS),
  ];
}

/** The row as one line. Where it does not fit, the bar gets narrow, then details go from the end, then the bar. */
export function drawRow(
  { label, name, fraction, ahead, details }: Row,
  columns: number,
  colour: boolean,
): string {
  const gap = columns < WIDE_COLUMNS ? ' ' : '  ';
  const nameColumns = Math.min(MAX_NAME_COLUMNS, Math.max(MIN_NAME_COLUMNS, Math.floor(columns / 4) - 5));
  const percent = `${Math.floor(fraction * 100)}%`.padStart(PERCENT_COLUMNS);
  const head = [label.padEnd(LABEL_COLUMNS), fit(name, nameColumns)];
  const tail = [percent, ...details];
  const roomForBar = () => columns - columnsOf([...head, '', ...tail].join(gap));
  while (roomForBar() < MIN_BAR_COLUMNS && tail.length > 2) tail.pop();
  const barColumns = Math.min(MAX_BAR_COLUMNS, roomForBar());
  const drawn = barColumns < MIN_BAR_COLUMNS ? [] : [bar(fraction, ahead, barColumns, colour)];
  return [...head, ...drawn, ...tail].join(gap).trimEnd();
}

function bar(fraction: number, ahead: number, columns: number, colour: boolean): string {
  const full = Math.floor(fraction * columns);
  const light = Math.max(0, Math.floor(ahead * columns) - full);
  const parts = ['█'.repeat(full), '▒'.repeat(light), '░'.repeat(columns - full - light)] as const;
  if (!colour) return parts.join('');
  return `${paint('cyan', parts[0])}${paint('cyan', parts[1])}${paint('gray', parts[2])}`;
}

export function paint(style: 'cyan' | 'gray' | 'green' | 'red', text: string): string {
  return text === '' ? '' : styleText(style, text);
}
