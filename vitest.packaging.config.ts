import { defineConfig } from 'vitest/config';
import shared from './vitest.shared.js';

/**
 * `npm run test:packaging`: the packed tarball in scratch projects, under package managers, Node versions and bundlers.
 * Takes minutes, and the npm registry.
 */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/packaging/**/*.packaging.ts'],
    globalSetup: ['test/packaging/support/setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
