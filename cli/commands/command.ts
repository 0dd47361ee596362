import { type Command, Option } from 'commander';
import { usageError } from '../failure.js';
import type { Output } from '../output.js';
import { nameValue, urlValue } from '../values.js';

/** What commands work with, besides their flags. */
export interface Io {
  readonly output: Output;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Adds a command to the program; `finish` is told its exit code. */
export type AddCommand = (program: Command, io: Io, finish: (exitCode: number) => void) => void;

/** Flags of every command that asks a server. */
export interface ServerFlags {
  readonly to: URL;
  readonly router: string;
  readonly token?: string;
}

export function tokenOption(description: string): Option {
  return new Option('--token <token>', `${description}; better in the variable, which others cannot see`).env(
    'CHUNKWISE_TOKEN',
  );
}

/** A token goes into a header, so it must fit there. The message never shows it. */
export function checkToken(token: string | undefined): void {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw usageError(
      '--token (or CHUNKWISE_TOKEN) must be letters, digits and signs without spaces, not empty.',
    );
}

export function toOption(): Option {
  return new Option('--to <url>', 'the server; without a path its tRPC endpoint is /trpc').argParser(
    urlValue,
  );
}

export function withServerOptions(command: Command, to: Option = toOption().makeOptionMandatory()): Command {
  return command
    .addOption(to)
    .addOption(
      new Option('--router <name>', "the uploads' router in the server's tRPC root")
        .default('uploads')
        .argParser(nameValue),
    )
    .addOption(tokenOption('sent as `authorization: Bearer <token>`'));
}
