import { formatSize, indexesOf, missingRanges } from '../../contract/index.js';
import type { CheckReport, Finding } from '../../server/upkeep/check.js';
import { EXIT } from '../failure.js';
import { printable } from '../text.js';
import type { AddCommand, Io } from './command.js';
import { openRoot, type RootFlags, withRootOptions } from './root-flags.js';

interface VerifyFlags extends RootFlags {
  readonly repair?: true;
}

export const addVerify: AddCommand = (program, io, finish) => {
  const command = program
    .command('verify')
    .summary('read everything that is stored again and compare')
    .description(
      'Reads every completed file and all chunks of unfinished uploads, and compares them with the hashes that were verified when they came. Exits with 1 where something is wrong and stays so.',
    );
  withRootOptions(command)
    .option(
      '--repair',
      'record what was found: damaged chunks of unfinished uploads are sent again by their client, completed files that are not there count as gone; deletes nothing',
    )
    .action(async (flags: VerifyFlags) => finish(await verify(flags, io)));
};

async function verify(flags: VerifyFlags, { output }: Io): Promise<number> {
  await using root = await openRoot(flags);
  let open = 0;
  const report = await root.check({
    repair: flags.repair === true,
    onFinding(finding) {
      if (finding.repair === 'none') open++;
      output.result(lineOf(finding));
    },
  });
  output.result(summaryOf(report));
  if (open === 0) return EXIT.done;
  output.failure(adviceOn(report));
  return EXIT.failed;
}

const DONE: Record<Finding['repair'], string> = {
  none: '',
  recorded: ', recorded',
  'by-server': ', a server asks for them again when it starts',
};

function lineOf({ upload, kind, chunks, repair }: Finding): string {
  const what =
    kind === 'gone'
      ? 'the file is not there'
      : chunks.length === 0
        ? 'the file has another size'
        : `chunks ${rangesOf(chunks, upload.total)} of ${upload.total}`;
  const where = upload.path ?? `${upload.status}, ${upload.relativePath ?? upload.name}`;
  return `${kind.padEnd(7)}  ${upload.id}  ${what}${DONE[repair]}  (${printable(where)})`;
}

/** `3, 7-9`, numbered from 0 as in the protocol. */
function rangesOf(indexes: readonly number[], total: number): string {
  const others = indexesOf(missingRanges(indexes, total).ranges);
  const { ranges } = missingRanges(others, total);
  return ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(', ');
}

function summaryOf({
  completed,
  unfinished,
  bytes,
  gone,
  damagedFiles,
  damagedUploads,
}: CheckReport): string {
  return `checked ${completed} completed files and ${unfinished} unfinished uploads (${formatSize(bytes)}): ${damagedFiles + damagedUploads} damaged, ${gone} gone`;
}

function adviceOn({ damagedFiles }: CheckReport): string {
  if (damagedFiles === 0) return 'The records do not match what is stored: run it again with --repair.';
  return 'Completed files are damaged: restore them from a backup, or move them away, run this with --repair, and upload them again.';
}
