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

/** The page of `chunkwise serve`: `npm run build` puts it into `dist/page`, from where the server gives it out. */
export default defineConfig({
  root: import.meta.dirname,
  // Its own addresses are relative, so that nothing else has to know them.
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressed],
  // Uppy writes 1024 bytes as `1 KB`. One page writes sizes in one way.
  resolve: {
    alias: { '@transloadit/prettier-bytes': path.resolve(import.meta.dirname, 'pretty-bytes.ts') },
  },
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
