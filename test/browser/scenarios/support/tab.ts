import type { BrowserContext } from 'playwright-core';
import { expect } from 'vitest';
import type { Bench, Look, Settings } from '../bench/page.js';
import { flawsOf } from './flaws.js';

declare const bench: Bench;

/** How long anything may take that a test waits for; a test that waits in vain says what it saw. */
export const WAIT = { timeout: 20_000, interval: 20 };

/** A tab with the bench in it. */
export async function openTab(context: BrowserContext, url: string, settings: Settings = {}) {
  const page = await context.newPage();
  const errors: string[] = [];
  const workers: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('worker', (worker) => workers.push(new URL(worker.url()).pathname));

  async function load(): Promise<void> {
    await page.waitForFunction('globalThis.bench');
    await page.evaluate((given) => bench.set(given), settings);
  }
  await page.goto(url);
  await load();

  const look = (index = 0): Promise<Look> => page.evaluate((i) => bench.look(i), index);
  return {
    ...{ page, workers, look },
    async reload(): Promise<void> {
      await page.reload();
      await load();
    },
    /** Chooses files, or a folder, and begins to upload them. */
    async add(
      chosen: string | readonly string[],
      { kind = 'files', paused = false }: { kind?: 'files' | 'folder'; paused?: boolean } = {},
    ): Promise<number> {
      const input = page.locator('input').nth(kind === 'files' ? 0 : 1);
      await input.setInputFiles(chosen as string | string[]);
      return page.evaluate((now) => bench.add(now), paused);
    },
    set: (given: Settings) => page.evaluate((all) => bench.set(all), { ...settings, ...given }),
    retry: (index = 0) => page.evaluate((i) => bench.retry(i), index),
    pause: (index = 0) => page.evaluate((i) => bench.pause(i), index),
    continue: (index = 0) => page.evaluate((i) => bench.continue(i), index),
    cancel: (index = 0, discard = false) =>
      page.evaluate(([i, all]) => bench.cancel(i, all), [index, discard] as const),
    /** Waits until the upload looks like this. */
    until: (expected: Record<string, unknown>, index = 0) =>
      expect.poll(() => look(index), WAIT).toMatchObject(expected),
    async completed(index = 0, wait = WAIT) {
      await expect
        .poll(() => look(index), wait)
        .toSatisfy(({ result, error }: Look) => Boolean(result ?? error));
      const { result, error, phases } = await look(index);
      expect(error, `the upload ended by an error after ${phases}`).toBeNull();
      if (result === null) throw new Error('an upload without error and result');
      return result;
    },
    /** Whatever the page did: no state of any upload was wrong, and nothing was thrown that nobody caught. */
    async expectFlawless(): Promise<void> {
      const logs = await page.evaluate(() => bench.logs());
      expect(logs.flatMap(flawsOf)).toEqual([]);
      expect(errors).toEqual([]);
    },
    evaluate: page.evaluate.bind(page),
  };
}

export type Tab = Awaited<ReturnType<typeof openTab>>;
