/**
 * Runs in a Web Worker of an origin without WebCrypto. Apart from the other one, so that each imports what it needs at
 * its start: bundlers make workers of one file, and refuse an import that comes later.
 */
import * as CLIENT_DEFAULTS from '../../../contract/client-defaults.js';
import { serveHashes, serveNothing } from '../serve-hashes.js';
import { createSHA256 } from '../wasm-sha256.js';

createSHA256().then(
  (sha256) =>
    serveHashes(async (piece) => {
      sha256.init();
      if (!(piece instanceof Blob)) return sha256.update(piece).digest('binary');
      for (let from = 0; from < piece.size; from += CLIENT_DEFAULTS.hashReadBytes) {
        const part = piece.slice(from, from + CLIENT_DEFAULTS.hashReadBytes);
        sha256.update(new Uint8Array(await part.arrayBuffer()));
      }
      return sha256.digest('binary');
    }),
  // The page's Content-Security-Policy may forbid WebAssembly.
  serveNothing,
);
