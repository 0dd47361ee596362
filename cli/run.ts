import { CommanderError } from 'commander';
import type { Io } from './commands/command.js';
import { CliError, EXIT, sentenceOf } from './failure.js';
import { createProgram } from './program.js';

/**
 * Runs one command line.
 * @param args without the program's name
 * @returns the exit code; never rejects
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.done;
  try {
    const finish = (code: number) => {
      exitCode = code;
    };
    const program = await createProgram(io, finish, args);
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has written its line, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    io.output.failure(sentenceOf(error));
    return error instanceof CliError ? error.exitCode : EXIT.failed;
  }
}
