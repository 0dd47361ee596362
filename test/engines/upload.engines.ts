import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { bundleBench } from '../browser/scenarios/bench/bundle.js';
import { LARGE_CHUNKS, type Lab, startLab } from '../browser/scenarios/support/lab.js';
import { WAIT } from '../browser/scenarios/support/tab.js';
import { bigFile } from '../browser/support/big-file.js';
import { INSECURE_HOST } from '../browser/support/chromium.js';
import type { Bundle } from '../browser/support/site.js';
import { contextOf, tabOf } from './support/context.js';
import { ENGINES } from './support/engines.js';
import type { Session } from './support/session.js';
import { withSpy } from './support/spy.js';
import { createTabs } from './support/tab.js';

// Not here, for want of a driver that can: long tasks of the page (no traces), going offline (WebKit), choosing a folder
// (both). Chromium has those.
const SIZE = 300 * MiB;
const CHUNK = 8 * MiB;
/** Chunks that get through at first. */
const BEFORE = 15;
/** For hashing and sending a large file on a busy machine. Milliseconds. */
const PATIENT = { ...WAIT, timeout: 300_000 };

let bundle: Bundle;
let big: Awaited<ReturnType<typeof bigFile>>;
beforeAll(async () => {
  [bundle, big] = await Promise.all([bundleBench().then(withSpy), bigFile(SIZE, CHUNK)]);
});
afterAll(() => big?.[Symbol.asyncDispose]());

describe.each(ENGINES)('%s', (_, start) => {
  let session: Session;
  let tabs: ReturnType<typeof createTabs>;
  beforeAll(async () => {
    session = await start();
    tabs = createTabs(session);
  });
  afterAll(() => session?.[Symbol.asyncDispose]());

  /** A tab with the bench in it. */
  const open = async (lab: Lab, host?: string) => {
    const bench = await lab.openBench(contextOf(tabs), {}, host);
    const tab = tabOf(bench.page);
    return {
      ...{ bench, tab },
      async completed() {
        await expect.poll(async () => (await bench.look()).state.phase, PATIENT).toMatch(/completed|failed/);
        return bench.completed();
      },
    };
  };

  test.each([
    ['a secure origin: WebCrypto', '127.0.0.1', /hash-worker/],
    ['a plain-http origin: hash-wasm', INSECURE_HOST, /wasm-worker/],
  ])('300 MiB from %s in workers, progress that never goes back, equal bytes', async (_, host, worker) => {
    await using lab = await startLab(bundle, [...LARGE_CHUNKS, '--allowed-host', INSECURE_HOST]);
    const { bench, tab, completed } = await open(lab, host);
    const secure = host !== INSECURE_HOST;
    expect(await tab.evaluate(() => [isSecureContext, Boolean(crypto.subtle)])).toEqual([secure, secure]);
    await bench.add(big.path);
    const result = await completed();
    expect(result).toMatchObject({ size: SIZE, sentBytes: SIZE, retries: 0 });
    const { hashed, complaints } = await tab.seen();
    // Without WebCrypto also what these are hashed to together.
    expect(hashed.map(([, hash]) => hash)).toEqual(expect.arrayContaining(big.hashes));
    for (const [file] of hashed) expect(file).toMatch(worker);
    // Told while a chunk is on its way: of no whole number of chunks.
    const [log = []] = (await bench.evaluate('bench.logs()')) as { bytes: number }[][];
    expect(log.filter(({ bytes }) => bytes % CHUNK !== 0 && bytes !== SIZE).length).toBeGreaterThan(2);
    await bench.expectFlawless();
    expect(complaints).toEqual([]);
    await lab.expectStored(result.path, big.path);
  });

  test('after a reload half-way the same file goes on, with fewer bytes', async () => {
    await using lab = await startLab(bundle, LARGE_CHUNKS);
    const { bench, completed } = await open(lab);
    lab.proxy.holdAfter(BEFORE);
    await bench.add(big.path);
    await expect.poll(async () => (await bench.look()).state.chunks, PATIENT).toBe(BEFORE);
    await bench.expectFlawless();
    await bench.reload();
    lab.proxy.stopHolding();
    await bench.add(big.path);
    const result = await completed();
    expect(result).toMatchObject({ resumed: true });
    // The last one that had arrived is sent once more.
    expect(result.sentBytes).toBeLessThanOrEqual(SIZE - (BEFORE - 1) * CHUNK);
    await bench.expectFlawless();
    await lab.expectStored(result.path, big.path);
  });

  test('a server that is killed under it, and started again', async () => {
    await using lab = await startLab(bundle, LARGE_CHUNKS);
    const { bench, completed } = await open(lab);
    lab.proxy.holdAfter(BEFORE);
    await bench.add(big.path);
    await expect.poll(async () => (await bench.look()).state.chunks, PATIENT).toBe(BEFORE);
    await lab.crash();
    lab.proxy.release();
    await expect.poll(async () => (await bench.look()).state.retries, PATIENT).toBeGreaterThan(0);
    expect(await bench.look()).toMatchObject({ error: null, state: { retrying: { code: 'NETWORK' } } });
    await lab.restart();
    const result = await completed();
    expect(result.retries).toBeGreaterThan(0);
    await bench.expectFlawless();
    await lab.expectStored(result.path, big.path);
  });
});
