import { defineConfig } from 'vitest/config';
import shared from './vitest.shared.js';

/** `npm run test:engines`: a Firefox and a WebKit of Debian's; takes minutes, and about 10 GiB of disk. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/engines/**/*.engines.ts'],
    globalSetup: ['test/engines/support/install.ts'],
    testTimeout: 900_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
