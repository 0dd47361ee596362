import { type Command, Option } from 'commander';
import {
  DEFAULT_LIST_LIMIT,
  formatSize,
  MAX_LIST_LIMIT,
  STATUSES,
  type Status,
  type UploadView,
} from '../../contract/index.js';
import { EXIT } from '../failure.js';
import { fit, jsonLine, printable } from '../text.js';
import { countValue, severalOf } from '../values.js';
import { type AddCommand, type Io, type ServerFlags, withServerOptions } from './command.js';
import { asking } from './connect.js';

interface ListFlags extends ServerFlags {
  readonly status?: Status[];
  readonly limit: number;
  readonly json?: true;
}

export const addList: AddCommand = (program, io, finish) => {
  const command: Command = program
    .command('list')
    .summary('show the uploads of this token')
    .description('Shows uploads, newest first: id, status, how much is there, size, name.');
  withServerOptions(command)
    .addOption(
      new Option('--status <status>', `only these, with commas: ${STATUSES.join(', ')}`).argParser(
        severalOf(STATUSES),
      ),
    )
    .addOption(
      new Option('--limit <n>', 'at most so many').default(DEFAULT_LIST_LIMIT).argParser(countValue(1)),
    )
    .option('--json', 'one line of JSON per upload')
    .action(async (flags: ListFlags) => finish(await list(flags, io)));
};

async function list(flags: ListFlags, { output }: Io): Promise<number> {
  await asking(flags, async ({ uploads }) => {
    let left = flags.limit;
    let cursor: string | undefined;
    do {
      const page = await uploads.list.query({
        limit: Math.min(left, MAX_LIST_LIMIT),
        ...(cursor !== undefined && { cursor }),
        ...(flags.status && { status: flags.status }),
      });
      for (const view of page.items) output.result(flags.json ? jsonLine(view) : lineOf(view));
      left -= page.items.length;
      if (page.items.length === 0) break;
      cursor = page.nextCursor;
    } while (cursor !== undefined && left > 0);
    if (cursor !== undefined) output.note('There are more: give a larger --limit.');
  });
  return EXIT.done;
}

function lineOf(view: UploadView): string {
  const share = view.size === 0 ? view.receivedChunks : view.receivedBytes / view.size;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const size = formatSize(view.size).padStart(8);
  return `${printable(view.uploadId)}  ${fit(printable(view.status), 10)}  ${percent}  ${size}  ${printable(view.relativePath ?? view.name)}`;
}
