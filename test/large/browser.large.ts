import { test } from 'vitest';
import { GiB } from '../../contract/index.js';
import { bundleBench } from '../browser/scenarios/bench/bundle.js';
import { uploadLarge } from '../browser/scenarios/support/large.js';
import { startChromium } from '../browser/support/chromium.js';

test('a file of 1 GiB goes from Chromium in the memory of a few chunks; no task holds the page up for 50 ms', async () => {
  await using browser = await startChromium();
  await uploadLarge(browser, await bundleBench(), GiB, { timeout: 300_000, interval: 50 });
});
