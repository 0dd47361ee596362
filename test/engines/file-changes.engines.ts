import { appendFile, open, truncate, unlink, utimes } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleBench } from '../browser/scenarios/bench/bundle.js';
import { halfWay, SIZE } from '../browser/scenarios/support/half-way.js';
import { type Lab, startLab } from '../browser/scenarios/support/lab.js';
import { WAIT } from '../browser/scenarios/support/tab.js';
import type { Bundle } from '../browser/support/site.js';
import { contextOf, tabOf } from './support/context.js';
import { ENGINES } from './support/engines.js';
import { withSpy } from './support/spy.js';
import { createTabs } from './support/tab.js';

/** Chunks that get through before the file changes. */
const BEFORE = 10;
const LATER = new Date(Date.now() + 60_000);

const CHANGES: Record<string, (file: string) => Promise<void>> = {
  grows: (file) => appendFile(file, 'more'),
  shrinks: (file) => truncate(file, SIZE / 2),
  'is deleted': unlink,
  async 'is written over'(file) {
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(SIZE, 1));
    await handle.close();
  },
};

/**
 * Firefox remembers a chosen file's size and reads whatever lies at its path: one that grew is uploaded as far as it
 * went when it was chosen, and one that was written over before it was hashed is uploaded as it is now.
 */
const UNNOTICED: Record<string, string[]> = {
  Firefox: ['grows when chosen', 'grows half-way', 'is written over when chosen'],
  WebKit: [],
};

let bundle: Bundle;
beforeAll(async () => {
  bundle = withSpy(await bundleBench());
});

describe.each(ENGINES)('%s', (name, start) => {
  test('a file that changes is refused in plain words, where the browser notices', async () => {
    await using session = await start();
    const context = contextOf(createTabs(session));
    const unnoticed: string[] = [];
    for (const [what, change] of Object.entries(CHANGES))
      for (const when of ['when chosen', 'half-way']) {
        await using lab = await startLab(bundle);
        const { bench, file } = when === 'half-way' ? await sent(lab) : await chosen(lab);
        await change(file);
        // WebKit looks at the time of the last change, in whole seconds.
        await utimes(file, LATER, LATER).catch(() => {});
        if (when === 'half-way') lab.proxy.release();
        else await tabOf(bench.page).evaluate('bench.add(false)');
        await expect.poll(async () => (await bench.look()).state.phase, WAIT).toMatch(/^(completed|failed)$/);
        const { state, error } = await bench.look();
        if (state.phase === 'completed') unnoticed.push(`${what} ${when}`);
        else expect(error).toMatchObject({ code: 'FILE_CHANGED', retryable: false });
        await bench.expectFlawless();
      }
    expect(unnoticed).toEqual(UNNOTICED[name]);

    async function chosen(lab: Lab) {
      const { path: file } = await lab.space.file('film.bin', SIZE);
      const bench = await lab.openBench(context);
      await tabOf(bench.page).type('input', file);
      return { bench, file };
    }
    async function sent(lab: Lab) {
      const { tab: bench, file } = await halfWay(lab, context, BEFORE);
      return { bench, file };
    }
  });
});
