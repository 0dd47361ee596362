import { runDemo } from './demo/demo.js';
import { CliError, EXIT, sentenceOf } from './failure.js';
import { createOutput } from './output.js';
import { exitCodeOf, onStop } from './signals.js';

/** `npm run demo [-- FILE]` */
const output = createOutput(process.stdout, process.stderr);
const [file, ...others] = process.argv.slice(2);
const stop = new AbortController();
onStop((signal) => stop.abort(new CliError('The demo was stopped.', exitCodeOf(signal))));

try {
  if (others.length > 0 || file?.startsWith('-'))
    throw new CliError('The demo takes one file, or none: npm run demo -- FILE', EXIT.usage);
  await runDemo({ file: file ?? null, say: output.result, signal: stop.signal });
} catch (error) {
  output.failure(sentenceOf(error));
  process.exitCode = error instanceof CliError ? error.exitCode : EXIT.failed;
}
