import { createRequire } from 'node:module';
import { UploadError } from '../contract/index.js';
import { here, installed, isBundled, KEEP_OUT } from './bundled.js';

type PiscinaClass = typeof import('piscina').Piscina;

/**
 * Piscina starts its threads from a file that it finds beside itself, so the one that runs must be the installed one,
 * also where this module was bundled.
 * @throws UploadError INTERNAL where it is not installed
 */
export async function loadPiscina(): Promise<PiscinaClass> {
  if (!isBundled) return (await import('piscina')).Piscina;
  // Where each package's dependencies are its own, only the package sees it; where the package is not installed, the
  // app may have it.
  const owner = installed('chunkwise/package.json')?.href ?? here;
  const from = installed('piscina', owner) === null ? here : owner;
  try {
    return (createRequire(from)('piscina') as { Piscina: PiscinaClass }).Piscina;
  } catch (cause) {
    throw new UploadError('INTERNAL', {
      message: `The package piscina is not found from the bundle ${here}: install it where the bundle runs, or ${KEEP_OUT}.`,
      cause,
    });
  }
}
