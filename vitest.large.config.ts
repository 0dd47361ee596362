import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** `npm run test:large`: files of gigabytes; takes minutes, and about 10 GiB of disk. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/large/**/*.large.ts'],
    testTimeout: 600_000,
    fileParallelism: false,
  },
});
