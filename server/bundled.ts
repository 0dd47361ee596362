import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** This module's address; in a bundle that of the bundle. A bundle of CommonJS modules has no `import.meta.url`. */
export const here: string = import.meta.url ?? pathToFileURL(__filename).href;

/** A bundler has put this module into a file of its own making: what lay beside it is not there. */
export const isBundled = !/\/server\/bundled\.[jt]s$/.test(here);

/** The file of an installed package's entry, as seen from `from`; null where it is not there. */
export function installed(entry: string, from: string = here): URL | null {
  try {
    return pathToFileURL(createRequire(from).resolve(entry));
  } catch {
    return null;
  }
}

/** The end of every sentence about what a bundler has broken. */
export const KEEP_OUT =
  "keep chunkwise out of the bundle (esbuild: external: ['chunkwise']; Vite: ssr.external: ['chunkwise']; Next.js: withChunkwise()); see docs/bundlers.md";
