import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page, Worker } from 'playwright-core';
import type { Bundle } from '../../browser/support/site.js';

/** The files of a folder, as they are served. */
export function filesOf(folder: string): Bundle {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const texts = files.map((entry): [string, Uint8Array] => {
    const file = path.join(entry.parentPath, entry.name);
    return [`/${path.relative(folder, file)}`, readFileSync(file)];
  });
  const made = new Map(texts);
  const index = made.get('/index.html');
  return index ? made.set('/', index) : made;
}

/** Another address of a server, which pages of any origin may use. */
export async function forPages(target: string) {
  const { hostname, port } = new URL(target);
  const server = http.createServer((req, res) => {
    const { method = 'GET', url = '/', headers } = req;
    const cors = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': headers['access-control-request-headers'] ?? '*',
    };
    if (method === 'OPTIONS') return res.writeHead(204, cors).end();
    const onward = http.request({ hostname, port, path: url, method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...cors });
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** How a WebAssembly module begins, as hash-wasm carries it. */
const WASM = 'AGFzbQE';
/** A development server makes a page only when it is asked for. */
const PATIENT_MS = 120_000;

/** A tab, and what it loads. */
export async function openTab(browser: Browser) {
  const tab: Page = await browser.newPage();
  tab.setDefaultTimeout(PATIENT_MS);
  const serving: Promise<boolean>[] = [];
  const scripts: Promise<string>[] = [];
  const errors: string[] = [];
  tab.on('worker', (worker) => serving.push(serves(worker)));
  tab.on('response', (answer) => {
    if (answer.request().method() === 'GET') scripts.push(answer.text().catch(() => ''));
  });
  tab.on('pageerror', (error) => errors.push(String(error)));
  return {
    ...{ tab, errors },
    /** Of each worker that was started: whether it has come to hash. */
    workers: () => Promise.all(serving),
    /** Whether hash-wasm was loaded, by whomever and in whatever file. */
    hasWasm: async () => (await Promise.all(scripts)).some((text) => text.includes(WASM)),
    [Symbol.asyncDispose]: () => tab.close(),
  };
}

/** Once it listens; false where it ends before. */
async function serves(worker: Worker): Promise<boolean> {
  try {
    while (!(await worker.evaluate(() => typeof globalThis.onmessage === 'function')));
    return true;
  } catch {
    return false;
  }
}
