import os from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import shared from './vitest.shared.js';

/** Folders whose test files can share a process, and so what they import: a tenth of the time. */
const TOGETHER = 'test/{client,contract,page,react,server,sessions,stores,testing,workers}/**';

/** `npm test`. What is read rather than run has a run of its own, in `npm run check`. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    // Tests wait for processes, disks and browsers: two cores are not busy with one file at a time.
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: { name: 'together', include: [`${TOGETHER}/*.test.ts`], isolate: false, globalSetup: [] },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, TOGETHER, 'test/house/**'],
        },
      },
    ],
  },
});
