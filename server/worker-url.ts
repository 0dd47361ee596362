import { existsSync } from 'node:fs';
import { here, installed, isBundled } from './bundled.js';

/**
 * The file that a worker thread of the server starts from, where the option `worker` names no other: beside this
 * module; seen from a bundle, that of the installed package; and where none is installed, a file beside the bundle
 * whose name no program of the app's own has.
 */
export const workerUrl: URL = isBundled
  ? (installed('chunkwise/worker') ?? bundledApart())
  : // In these very words, by which programs that gather a package's files find it.
    new URL('./worker.js', import.meta.url);

/** Bundlers that split a bundle put shared modules, as this one, into a folder below that of their entries. */
function bundledApart(): URL {
  const [beside, above] = [new URL('chunkwise-worker.js', here), new URL('../chunkwise-worker.js', here)];
  return !existsSync(beside) && existsSync(above) ? above : beside;
}
