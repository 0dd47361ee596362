import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addAbort } from './commands/abort.js';
import type { Io } from './commands/command.js';
import { addHash } from './commands/hash.js';
import { addList } from './commands/list.js';
import { addMigrate } from './commands/migrate.js';
import { addServe } from './commands/serve.js';
import { addSweep } from './commands/sweep.js';
import { addUpload } from './commands/upload.js';
import { addVerify } from './commands/verify.js';

const COMMANDS = [addServe, addUpload, addHash, addList, addAbort, addVerify, addSweep, addMigrate];

/** All commands. Wrong usage throws commander's error, after one line was written that says what is wrong. */
export function createProgram(io: Io, finish: (exitCode: number) => void): Command {
  const program = new Command('chunkwise')
    .description('Uploads of large files: in chunks, resumable, every byte verified.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      outputError: (text) => io.output.failure(usageSentence(text)),
    });
  for (const add of COMMANDS) add(program, io, finish);
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
