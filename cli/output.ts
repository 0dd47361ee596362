import { printable } from './text.js';

/** Where a command writes. Results go to stdout, all else to stderr, so that a pipe gets results alone. */
export interface Output {
  /** One line of the result. */
  result(line: string): void;
  /** One line for people. */
  note(line: string): void;
  /** One line that says why a command failed and what to do. */
  failure(sentence: string): void;
}

export function createOutput(stdout: NodeJS.WritableStream, stderr: NodeJS.WritableStream): Output {
  return {
    result: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    failure: (sentence) => void stderr.write(`chunkwise: ${printable(sentence)}\n`),
  };
}

/** A stream on which lines can be drawn again and again. */
export function isTerminal(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}
