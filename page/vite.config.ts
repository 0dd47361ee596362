import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Writes a `.gz` beside each file that it makes smaller; the server gives it to browsers that take it. */
const compressed: Plugin = {
  name: 'compressed',
  writeBundle({ dir = '' }, bundle) {
    for (const name of Object.keys(bundle).filter((name) => !name.endsWith('.md'))) {
      const bytes = readFileSync(path.join(dir, name));
      const small = gzipSync(bytes, { level: 9 });
      if (small.length < bytes.length) writeFileSync(path.join(dir, `${name}.gz`), small);
    }
  },
};

const OURS = JSON.stringify(path.resolve(import.meta.dirname, '../contract/sizes.ts'));

/** Uppy writes 1024 bytes as `1 KB`. One page writes sizes in one way: ours. */
const sizes: Plugin = {
  name: 'sizes',
  enforce: 'pre',
  resolveId: (source) => (source === '@transloadit/prettier-bytes' ? '\0sizes' : null),
  load: (id) => (id === '\0sizes' ? `export { formatSize as prettierBytes } from ${OURS};` : null),
};

/** The page of `chunkwise serve`: `npm run build` puts it into `dist/page`, from where the server gives it out. */
export default defineConfig({
  root: import.meta.dirname,
  // Its own addresses are relative, so that nothing else has to know them.
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressed, sizes],
  build: {
    outDir: path.resolve(import.meta.dirname, '../dist/page'),
    emptyOutDir: true,
    target: 'es2023',
    // Every file has an address of its own: the page allows no data in scripts or workers.
    assetsInlineLimit: 0,
    // It is inline code, which the Content-Security-Policy forbids.
    modulePreload: { polyfill: false },
    // Of all that is packed into it.
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
  },
  worker: {
    format: 'es',
    rolldownOptions: {
      // The server knows by these names which worker may compile WebAssembly.
      output: {
        entryFileNames: 'assets/workers/[name]-[hash].js',
        chunkFileNames: 'assets/workers/[name]-[hash].js',
      },
    },
  },
});
