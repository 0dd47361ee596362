import { open } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { GiB, MiB } from '../../contract/index.js';
import { bundleBench } from '../browser/scenarios/bench/bundle.js';
import { LARGE_CHUNKS, startLab } from '../browser/scenarios/support/lab.js';
import type { Bundle } from '../browser/support/site.js';
import { contextOf, tabOf } from './support/context.js';
import { ENGINES } from './support/engines.js';
import { peaksOf } from './support/process.js';
import { withSpy } from './support/spy.js';
import { createTabs } from './support/tab.js';

/** Where Safari breaks off streams, and a last chunk that is smaller than the others. */
const SIZE = 4 * GiB + 100 * MiB + 1;
/** Of a process; a file that is held in memory is more. */
const PEAK = GiB;

let bundle: Bundle;
beforeAll(async () => {
  bundle = withSpy(await bundleBench());
});

/** Mostly a hole; every MiB of it differs. */
async function makeFile(file: string): Promise<void> {
  const handle = await open(file, 'wx');
  const mark = Buffer.alloc(8);
  for (let at = 0; at < SIZE - mark.length; at += MiB) {
    mark.writeDoubleLE(at + 1);
    await handle.write(mark, 0, mark.length, at);
  }
  await handle.truncate(SIZE);
  await handle.close();
}

test.each(ENGINES)('%s: a file of more than 4 GiB is hashed, sent and stored whole', async (_, start) => {
  await using lab = await startLab(bundle, LARGE_CHUNKS);
  await using session = await start();
  const file = path.join(lab.space.path, 'film.bin');
  await makeFile(file);
  const bench = await lab.openBench(contextOf(createTabs(session)));
  await bench.add(file);
  await expect
    .poll(async () => (await bench.look()).state.phase, { timeout: 800_000, interval: 500 })
    .toMatch(/completed|failed/);
  const result = await bench.completed();
  expect(result).toMatchObject({ size: SIZE, sentBytes: SIZE, retries: 0 });
  const peaks = await peaksOf(session.pid);
  expect(Math.max(...Object.values(peaks)), JSON.stringify(peaks)).toBeLessThan(PEAK);
  await bench.expectFlawless();
  expect((await tabOf(bench.page).seen()).complaints).toEqual([]);
  await lab.expectStored(result.path, file);
});
