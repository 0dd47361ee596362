import path from 'node:path';
import { build, type Rolldown } from 'vite';
import type { Bundle } from '../../support/site.js';

/** The bench's page, made by vite without any settings from the sources: workers that hash load as they do in apps. */
export async function bundleBench(): Promise<Bundle> {
  const made = (await build({
    configFile: false,
    logLevel: 'error',
    root: import.meta.dirname,
    build: {
      write: false,
      rollupOptions: {
        input: path.join(import.meta.dirname, 'page.ts'),
        output: { entryFileNames: 'page.js' },
      },
    },
  })) as Rolldown.RolldownOutput;
  return new Map([
    [
      '/',
      '<!doctype html><meta charset="utf-8"><title>Bench</title><body><script type="module" src="/page.js"></script>',
    ],
    ...made.output.map((file): [string, string | Uint8Array] => [
      `/${file.fileName}`,
      file.type === 'chunk' ? file.code : file.source,
    ]),
  ]);
}
