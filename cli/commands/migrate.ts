import { migrateUploads } from '../../server/migrate-uploads.js';
import { EXIT } from '../failure.js';
import { printable } from '../text.js';
import type { AddCommand, Io } from './command.js';
import { type RootFlags, withRootOptions } from './root-flags.js';

export const addMigrate: AddCommand = (program, io, finish) => {
  const command = program
    .command('migrate')
    .summary('bring the database up to this version')
    .description(
      "Applies the migrations that a server's database needs, for servers that start with --migrate manual; makes the database where there is none. Never touches one that a server holds.",
    );
  withRootOptions(command).action(async (flags: RootFlags) => finish(await migrate(flags, io)));
};

async function migrate({ root, database }: RootFlags, { output }: Io): Promise<number> {
  const done = await migrateUploads({ root, ...(database !== undefined && { database }) });
  const what = done.applied.length === 0 ? 'is up to date' : `applied ${done.applied.join(', ')}`;
  output.result(`${printable(done.database)}: ${what}`);
  return EXIT.done;
}
