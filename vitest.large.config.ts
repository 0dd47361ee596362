import { defineConfig } from 'vitest/config';
import shared from './vitest.shared.js';

/** `npm run test:large`: files of gigabytes; takes minutes, and about 10 GiB of disk. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/large/**/*.large.ts'],
    testTimeout: 600_000,
    fileParallelism: false,
  },
});
