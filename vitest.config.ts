import os from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import shared from './vitest.shared.js';

/** Files that replace modules for themselves, and so cannot share a process with others. */
const APART = 'test/uppy/**';
/** Takes longest, which its size does not tell: started last, it would be waited for with nothing else to do. */
const LONGEST = 'test/sessions/sqlite.test.ts';

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith(LONGEST);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

/** `npm test`. What is read rather than run has a run of its own, in `npm run check`. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    // Tests wait for processes, disks and browsers: two cores are not busy with one file at a time.
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, APART, 'test/house/**'],
          // One process for all files of a worker: a tenth of the time is saved by importing once.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'apart', include: [`${APART}/*.test.ts`] } },
    ],
  },
});
