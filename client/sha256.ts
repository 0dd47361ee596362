import { type Sha256, toHex } from '../contract/index.js';

interface Subtle {
  digest(algorithm: 'SHA-256', data: Uint8Array): Promise<ArrayBuffer>;
}

/**
 * SHA-256 by WebCrypto, which works off the caller's thread. Pages of plain-http origins have none; there hash-wasm is
 * loaded and works on the caller's thread.
 */
export function createSha256(
  subtle: Subtle | null = (globalThis.crypto?.subtle as Subtle | undefined) ?? null,
): Sha256 {
  if (subtle) return async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes));
  return async (bytes) => {
    const { createSHA256 } = await import('hash-wasm');
    const hash = await createSHA256();
    return hash.init().update(bytes).digest('binary');
  };
}

export async function hexOf(sha256: Sha256, bytes: Uint8Array): Promise<string> {
  return toHex(await sha256(bytes));
}
