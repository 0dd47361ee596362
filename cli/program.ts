import { createRequire } from 'node:module';
import { Command } from 'commander';
import type { AddCommand, Io } from './commands/command.js';

const VERSION_FLAGS = ['-V', '--version'];

type LoadCommand = () => Promise<AddCommand>;

/** In the order of the help. Each loads what it needs when it is added, which takes longer than anything else here. */
const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  serve: async () => (await import('./commands/serve.js')).addServe,
  upload: async () => (await import('./commands/upload.js')).addUpload,
  hash: async () => (await import('./commands/hash.js')).addHash,
  list: async () => (await import('./commands/list.js')).addList,
  abort: async () => (await import('./commands/abort.js')).addAbort,
  verify: async () => (await import('./commands/verify.js')).addVerify,
  sweep: async () => (await import('./commands/sweep.js')).addSweep,
  migrate: async () => (await import('./commands/migrate.js')).addMigrate,
};

/** What a line that begins like this can be about: one command, none, or any. */
function commandsFor([first = '']: readonly string[]): LoadCommand[] {
  if (VERSION_FLAGS.includes(first)) return [];
  const named = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return named ? [named] : Object.values(COMMANDS);
}

/**
 * The commands that a line may be about: all of them without one. Wrong usage throws commander's error, after one line
 * was written that says what is wrong.
 */
export async function createProgram(
  io: Io,
  finish: (exitCode: number) => void,
  args: readonly string[] = [],
): Promise<Command> {
  const program = new Command('chunkwise')
    .description('Uploads of large files: in chunks, resumable, every byte verified.')
    .version(version(), VERSION_FLAGS.join(', '))
    .exitOverride()
    .configureOutput({
      outputError: (text) => io.output.failure(usageSentence(text)),
    });
  for (const load of commandsFor(args)) (await load())(program, io, finish);
  return program;
}

/** Commander's words, which may take several lines, as one sentence. */
function usageSentence(text: string): string {
  const words = text
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .trim();
  return `${words}${/[.)?]$/.test(words) ? '' : '.'} See --help.`;
}

function version(): string {
  // From the built file, which lies in dist/cli.
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return version;
}
