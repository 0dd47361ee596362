import type { BrowserContext } from 'playwright-core';
import { expect } from 'vitest';
import { CLIENT_DEFAULTS } from '../../../../contract/index.js';
import { CHUNK } from '../../../cli/support.js';
import type { Lab } from './lab.js';
import { WAIT } from './tab.js';

export const CHUNKS = 40;
/** Bytes of a file of so many chunks, the last of which is smaller. */
export const SIZE = CHUNKS * CHUNK - 1000;

/** An upload of which `accepted` chunks have been accepted, while others hang until `lab.proxy.release()`. */
export async function halfWay(lab: Lab, context: BrowserContext, accepted: number) {
  const { path: file } = await lab.space.file('film.bin', SIZE);
  lab.proxy.holdAfter(accepted);
  const tab = await lab.openBench(context);
  await tab.add(file);
  await tab.until({ state: { phase: 'uploading', chunks: accepted } });
  // All that is on the way: nothing more arrives before it is released.
  await expect.poll(() => lab.proxy.held, WAIT).toBe(CLIENT_DEFAULTS.concurrency);
  const { uploadId } = (await tab.look()).state;
  if (uploadId === null) throw new Error('it uploads without an id');
  return { file, tab, uploadId, sentBefore: lab.proxy.chunks.length };
}
