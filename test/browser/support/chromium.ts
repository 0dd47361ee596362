import { existsSync } from 'node:fs';
import packed from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/**
 * As people run it: several processes, with all of the web's security rules. (The package's own arguments turn those
 * off.) Only the sandbox goes, which root cannot have, and what would reach the network.
 */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
  '--no-pings',
];

/** A name that means this machine, so that `http://uploads.test` is an origin that is not secure: it has no WebCrypto. */
export const INSECURE_HOST = 'uploads.test';

/** A real Chromium, from npm. Close it, or `await using` it. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await executable(),
    args: [...ARGUMENTS, `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`],
    headless: true,
  });
}

/** Unpacked by `test/browser/support/unpack.ts` before any test, so that two test files cannot unpack it at once. */
async function executable(): Promise<string> {
  const file = await packed.executablePath();
  if (!existsSync(file)) throw new Error(`Chromium was not unpacked to ${file}`);
  return file;
}
