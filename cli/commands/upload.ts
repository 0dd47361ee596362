import { type Command, Option } from 'commander';
import { CLIENT_DEFAULTS, UploadError } from '../../contract/index.js';
import { CliError, EXIT, sentenceOf, usageError } from '../failure.js';
import { isTerminal } from '../output.js';
import { createBars } from '../progress/bars.js';
import type { Display, Totals } from '../progress/display.js';
import { createLines } from '../progress/lines.js';
import { exitCodeOf, onStop, type StopSignal } from '../signals.js';
import { jsonLine, printable } from '../text.js';
import { findFiles } from '../upload/find.js';
import { type FileReport, failedReport } from '../upload/report.js';
import { uploadFiles } from '../upload/upload-files.js';
import { countValue, durationValue, nameValue } from '../values.js';
import { type AddCommand, type Io, type ServerFlags, withServerOptions } from './command.js';
import { addressOf, connectTo } from './connect.js';

interface UploadFlags extends ServerFlags {
  readonly policy?: string;
  readonly concurrency: number;
  readonly retries: number;
  readonly patience: number;
  readonly json?: true;
}

export const addUpload: AddCommand = (program, io, finish) => {
  const { concurrency, retries, patienceMs } = CLIENT_DEFAULTS;
  const command: Command = program
    .command('upload')
    .summary('send files and folders')
    .description(
      'Sends files, and folders with all files below them, and prints where each one is stored. Links inside folders are left out. The same command again goes on where an earlier one was broken off.',
    )
    .argument('<path...>', 'files and folders');
  withServerOptions(command)
    .addOption(new Option('--policy <name>', "the server's policy for these files").argParser(nameValue))
    .addOption(
      new Option('--concurrency <n>', 'chunks on their way at one time, of all files')
        .default(concurrency)
        .argParser(countValue(1, 100)),
    )
    .addOption(
      new Option('--retries <n>', 'of a damaged chunk, and until the server has answered once')
        .default(retries)
        .argParser(countValue(0, 100)),
    )
    .addOption(
      new Option('--patience <time>', 'how long to wait for a server that went away')
        .default(patienceMs, `${patienceMs / 1000 / 60}m`)
        .argParser(durationValue),
    )
    .option('--json', 'one line of JSON per file on stdout')
    .action(async (paths: string[], flags: UploadFlags) => finish(await upload(paths, flags, io)));
};

async function upload(paths: readonly string[], flags: UploadFlags, io: Io): Promise<number> {
  const { policy, concurrency, retries, patience } = flags;
  // Often a variable of a script that is not set; taken as a path it would mean the current folder.
  if (paths.includes('')) throw usageError('A path is empty. Write . for the current folder.');
  await using connection = connectTo(flags, { concurrency, retries, patienceMs: patience });
  const stop = new AbortController();
  const end: Ending = { signal: null, hopeless: null, completed: 0, failed: 0, begun: false };
  const stopListening = onStop((signal) => {
    end.signal = signal;
    stop.abort(new UploadError('CANCELLED'));
  });
  const { files, notFound } = await listing(paths, stop.signal).catch((error: unknown) => {
    stopListening();
    if (end.signal === null) throw error;
    throw new CliError('Stopped, before anything was uploaded.', exitCodeOf(end.signal), { cause: error });
  });
  const display = createDisplay(io, {
    files: files.length,
    bytes: files.reduce((sum, { source }) => sum + source.size, 0),
  });
  // Also where a second signal ends the process: a hidden cursor would stay hidden.
  process.once('exit', display.close);
  const say = (report: FileReport) => {
    if (flags.json) display.result(jsonLine(report));
    else if (report.path !== null) display.result(printable(report.path));
    end[report.status === 'completed' ? 'completed' : 'failed']++;
    end.begun ||= report.uploadId !== null;
  };
  try {
    for (const { shown, error } of notFound) {
      say(failedReport(shown, null, null, error, 0));
      display.failure(sentenceOf(error, addressOf(flags)));
    }
    await uploadFiles(files, {
      ...{ connection, display, policy, concurrency, stop },
      onReport(report, error) {
        say(report);
        if (error === null || error === stop.signal.reason) return;
        const sentence = sentenceOf(error, addressOf(flags));
        display.failure(sentence.includes(report.file) ? sentence : `${report.file}: ${sentence}`);
      },
      onHopeless(error) {
        end.hopeless = error;
      },
    });
  } finally {
    display.close();
    process.off('exit', display.close);
    stopListening();
  }
  return exitCode(end, addressOf(flags));
}

/** Ends at once when stopped, also where a file system lets its answer wait. */
async function listing(paths: readonly string[], signal: AbortSignal) {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return await Promise.race([findFiles(paths, signal), stopped]);
}

/** How a run ended, beside what was said of each file. */
interface Ending {
  signal: StopSignal | null;
  hopeless: UploadError | null;
  completed: number;
  failed: number;
  /** Some upload that did not complete has a session on the server. */
  begun: boolean;
}

/** @throws CliError with what is left to say */
function exitCode({ signal, hopeless, completed, failed, begun }: Ending, address: URL): number {
  if (failed === 0) return EXIT.done;
  const files = completed + failed > 1 ? ` Not uploaded: ${failed} of ${completed + failed} files.` : '';
  const again = begun ? ' Run the same command again to go on.' : '';
  if (signal !== null) throw new CliError(`Stopped.${files}${again}`, exitCodeOf(signal));
  if (hopeless !== null) throw new CliError(`${sentenceOf(hopeless, address)}${files}${again}`);
  return EXIT.failed;
}

function createDisplay(io: Io, totals: Totals): Display {
  return isTerminal(io.stderr) && totals.files > 0 ? createBars(io, totals) : createLines(io.output);
}
