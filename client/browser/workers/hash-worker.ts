/** Runs in a Web Worker of a secure origin: hashes by WebCrypto. */
import { serveHashes } from '../serve-hashes.js';

const { subtle } = globalThis.crypto;

serveHashes(async (piece) => {
  const bytes = piece instanceof Blob ? new Uint8Array(await piece.arrayBuffer()) : piece;
  return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
});
