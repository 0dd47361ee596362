import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { KiB } from '../../../contract/index.js';
import { startStandalone } from '../../../server/standalone/app.js';
import { temporaryFolder } from '../../support/server.js';
import { INSECURE_HOST } from './chromium.js';

export const CHUNK = 256 * KiB;
const silent = { info() {}, warn() {}, error() {} };

/** `chunkwise serve` as people run it, on a folder that outlives it. */
export async function startServe(token: string | null = null) {
  const folder = await temporaryFolder();
  const start = (port: number) =>
    startStandalone({
      ...{ root: folder.path, host: '127.0.0.1', port, allowedHosts: [INSECURE_HOST], allowedOrigins: [] },
      ...{ token, requestsPerMinute: 0, log: silent },
      policies: { default: { threshold: CHUNK, chunkSize: CHUNK } },
    });
  let running = await start(0);
  const { url } = running;
  return {
    ...{ url, root: folder.path, token },
    stop: () => running.close(),
    async startAgain() {
      running = await start(Number(new URL(url).port));
    },
    async [Symbol.asyncDispose]() {
      await running.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about, but for answers that a test provokes. */
  readonly complaints: string[];
}

/** Answers that a test provokes; and on plain http Chromium says which headers it has no use for there. */
const EXPECTED = /^(Failed to load resource|The Cross-Origin-Opener-Policy header has been ignored)/;

/** A window of a person's own. */
export async function openPage(browser: Browser, url: string, context?: BrowserContext): Promise<OpenPage> {
  const own = context ?? (await browser.newContext());
  const page = await own.newPage();
  // Below that of a test, so that it says what it waits for.
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`refused: ${violatedDirective} ${blockedURI}`),
    );
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return {
    ...{ page, context: own, complaints },
    [Symbol.asyncDispose]: () => (context ? page.close() : own.close()),
  };
}

export const fileOf = (name: string, size: number) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: randomBytes(size),
});

/** Chooses files as a person does, and begins. */
export async function upload(page: Page, ...files: ReturnType<typeof fileOf>[]): Promise<void> {
  await page.locator('.uppy-Dashboard-input').first().setInputFiles(files);
  await page.getByRole('button', { name: /^Upload \d+ files?$/ }).click();
}

/** What is told of the whole page; a row may say the same of its upload. */
export const notice = (page: Page, text: string): Locator =>
  page.getByRole('status').filter({ hasText: text });

/** The line of the list with that name. */
export const row = (page: Page, name: string): Locator =>
  page.locator('li.upload').filter({ has: page.getByRole('heading', { name, exact: true }) });

/** Lets chunks below `index` through; the others wait until `release` is called. */
export async function holdChunks(page: Page, from: number) {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/uploads.chunk', async (route) => {
    const header = route.request().headers()['x-chunkwise-chunk'] ?? '';
    const { index } = JSON.parse(decodeURIComponent(header)) as { index: number };
    if (index >= from) await released;
    // It may have been given up meanwhile.
    await route.continue().catch(() => {});
  });
  return release;
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
}

/** What axe finds wrong with the page as it is, in words. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
