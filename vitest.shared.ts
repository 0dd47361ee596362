import path from 'node:path';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;

/**
 * Tests run the TypeScript sources, but a worker thread starts from a file that Node can load: the build.
 * `worker-url.ts` is the only place that names such a file, so it alone is taken from `dist`.
 */
const workersFromBuild = {
  name: 'workers-from-build',
  enforce: 'pre' as const,
  resolveId(source: string, importer: string | undefined) {
    if (!source.endsWith('/worker-url.js') || !importer || importer.includes('/dist/')) return null;
    const url = path.resolve(path.dirname(importer), source);
    return path.join(root, 'dist', path.relative(root, url));
  },
};

/** What all runs of tests have in common. */
export default defineConfig({
  plugins: [workersFromBuild],
  test: {
    globalSetup: ['test/browser/support/unpack.ts'],
    setupFiles: ['test/support/equal-bytes.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What is waited for may take long on a busy machine; below a test's own time, so that it says what it saw.
    expect: { poll: { timeout: 20_000 } },
    reporters: ['default'],
  },
});
