import { webCrypto } from '../sha256.js';
import type { HashWorker } from './pool.js';

declare const Worker: new (url: URL, options: { type: 'module' }) => HashWorker;

/** Starts the worker that this origin needs. Written out twice and to the letter: bundlers look for just this. */
export function startHashWorker(): HashWorker {
  return webCrypto()
    ? new Worker(new URL('./workers/hash-worker.js', import.meta.url), { type: 'module' })
    : new Worker(new URL('./workers/wasm-worker.js', import.meta.url), { type: 'module' });
}
