#!/usr/bin/env node
import { EXIT, sentenceOf } from './failure.js';
import { createOutput } from './output.js';
import { run } from './run.js';

const { stdout, stderr, env } = process;
const output = createOutput(stdout, stderr);

// Whoever reads a pipe may end first (`| head`): that is no failure of the upload.
for (const stream of [stdout, stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    output.failure(`Unexpected: ${sentenceOf(error)}`);
    process.exit(EXIT.failed);
  });

const exitCode = await run(process.argv.slice(2), { output, stdout, stderr, env });
// Pipes may write later than asked; nothing of what was said gets lost.
for (const stream of [stdout, stderr]) await new Promise((resolve) => stream.write('', resolve));
process.exit(exitCode);
