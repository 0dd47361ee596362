import { type Command, Option } from 'commander';
import { type Offline, openOffline } from '../../server/upkeep/offline.js';
import { databaseValue, folderValue } from '../values.js';

/** Flags of commands that work on a server's folder while no server does. */
export interface RootFlags {
  readonly root: string;
  readonly database?: string;
}

export function withRootOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--root <dir>', "the server's folder")
        .env('CHUNKWISE_ROOT')
        .argParser(folderValue)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--database <path>', 'its database, where that is not chunkwise.db in the root')
        .env('CHUNKWISE_DATABASE')
        .argParser(databaseValue),
    );
}

export function openRoot({ root, database }: RootFlags): Promise<Offline> {
  return openOffline({ root, ...(database !== undefined && { database }) });
}
