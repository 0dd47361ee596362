import { defineConfig } from 'vitest/config';
import shared from './vitest.shared.js';

/** The part of `npm run check` that reads sources, documents, declarations and the package, and runs little of them. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/house/**/*.test.ts'],
    globalSetup: [],
  },
});
