import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import { type Sha256, toHex, UploadError } from '../contract/for-clients.js';
import { nextTask } from './browser/next-task.js';

interface Subtle {
  digest(algorithm: 'SHA-256', data: Uint8Array): Promise<ArrayBuffer>;
}

/** WebCrypto, which only pages of secure origins have. */
export function webCrypto(): Subtle | null {
  return (globalThis.crypto?.subtle as Subtle | undefined) ?? null;
}

/**
 * SHA-256 by WebCrypto, which works off the caller's thread. Pages of plain-http origins have none; there hash-wasm is
 * loaded, and works on the caller's thread in slices that hold it up for some milliseconds each.
 */
export function createSha256(subtle: Subtle | null = webCrypto()): Sha256 {
  if (subtle) return async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes));
  return async (bytes) => {
    const hash = (await wasmSha256()).init();
    const step = CLIENT_DEFAULTS.pageSliceBytes;
    for (let from = 0; from < bytes.length; from += step) {
      if (from > 0) await nextTask();
      hash.update(bytes.subarray(from, from + step));
    }
    return hash.digest('binary');
  };
}

async function wasmSha256() {
  try {
    const { createSHA256 } = await import('./browser/wasm-sha256.js');
    return await createSHA256();
  } catch (cause) {
    throw new UploadError('INPUT_INVALID', {
      message:
        "This page cannot compute SHA-256. Serve it over https, or allow 'wasm-unsafe-eval' in its Content-Security-Policy.",
      cause,
    });
  }
}

export async function hexOf(sha256: Sha256, bytes: Uint8Array): Promise<string> {
  return toHex(await sha256(bytes));
}
