import { EXIT } from '../failure.js';
import type { AddCommand, Io } from './command.js';
import { openRoot, type RootFlags, withRootOptions } from './root-flags.js';

export const addSweep: AddCommand = (program, io, finish) => {
  const command = program
    .command('sweep')
    .summary('remove what expired uploads left')
    .description(
      'Does what a server does once a minute, while none is running: ends expired uploads, removes what ended ones left and bytes that belong to no upload. Never removes a completed file.',
    );
  withRootOptions(command).action(async (flags: RootFlags) => finish(await sweep(flags, io)));
};

async function sweep(flags: RootFlags, { output }: Io): Promise<number> {
  await using root = await openRoot(flags);
  const { expired, cleaned, purged, orphans } = await root.sweep();
  output.result(
    `expired ${expired}, removed the chunks of ${cleaned} ended uploads, ${purged} old records and ${orphans} orphans`,
  );
  return EXIT.done;
}
