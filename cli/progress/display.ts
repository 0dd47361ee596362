import type { UploadTask } from '../../client/index.js';
import type { FileReport } from '../upload/report.js';

/** Shows a person how uploads go. */
export interface Display {
  /** A file's upload begins. @param label a shorter name, for narrow places */
  add(shown: string, label: string, task: UploadTask): void;
  /** A file has ended; null where its upload never began. */
  ended(shown: string, report: FileReport, task: UploadTask | null): void;
  /** A line of the result, for stdout. */
  result(line: string): void;
  /** One line that says why something failed. */
  failure(sentence: string): void;
  /** Ends the drawing and gives the terminal back as it was. Idempotent. */
  readonly close: () => void;
}

/** All files of a run, known before the first one begins. */
export interface Totals {
  readonly files: number;
  readonly bytes: number;
}
