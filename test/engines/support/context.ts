import type { BrowserContext } from 'playwright-core';
import { expect } from 'vitest';
import type { Tab } from './tab.js';

/** So much of Playwright that the bench's scenarios, which were written for it, work in any browser. */
export function contextOf(tabs: { open(): Promise<Tab> }): BrowserContext {
  const newPage = async () => {
    const tab = await tabs.open();
    const input = (selector: string, index: number) => ({
      async setInputFiles(chosen: string | readonly string[]) {
        // Typing adds to what is chosen already.
        await tab.evaluate(
          (all, at) => {
            (document.querySelectorAll(all)[at] as HTMLInputElement).value = '';
          },
          selector,
          index,
        );
        await tab.type(selector, [chosen].flat().join('\n'), index);
      },
    });
    return {
      on: () => {},
      goto: tab.goto,
      reload: tab.reload,
      close: tab.close,
      evaluate: tab.evaluate,
      waitForFunction: (test: string | (() => unknown)) =>
        expect.poll(() => tab.evaluate(typeof test === 'string' ? `Boolean(${test})` : test)).toBe(true),
      locator: (selector: string) => ({ nth: (index: number) => input(selector, index) }),
      tab,
    };
  };
  return { newPage } as unknown as BrowserContext;
}

/** The window that a page of such a context is. */
export const tabOf = (page: unknown): Tab => (page as { tab: Tab }).tab;
