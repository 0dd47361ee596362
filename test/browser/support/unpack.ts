import packed from '@sparticuz/chromium';

/** vitest's global setup: unpacks Chromium once for all test files. */
export default async function unpack(): Promise<void> {
  await packed.executablePath();
}
