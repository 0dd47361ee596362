import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { expect } from 'vitest';
import { compareFiles } from '../../../../cli/demo/files.js';
import type { UploadView } from '../../../../contract/index.js';
import { serve, workspace } from '../../../cli/support.js';
import { filesBelow } from '../../../support/carry.js';
import { mountTmpfs } from '../../../support/tmpfs.js';
import { type Bundle, startSite } from '../../support/site.js';
import type { Settings } from '../bench/page.js';
import { createProxy } from './proxy.js';
import { openTab } from './tab.js';

/** Chunks and threshold of a server that is started without others. */
export const LARGE_CHUNKS = ['--chunk-size', '8MiB', '--threshold', '16MiB'];

export interface LabOptions {
  /** Keeps the root in memory where this machine lets us: thousands of files are thousands of waits for the disk. */
  inMemory?: boolean;
}

/** A `chunkwise serve` of its own process, and one origin in front of it that has the pages of `bundle` as well. */
export async function startLab(bundle: Bundle, args: readonly string[] = [], { inMemory }: LabOptions = {}) {
  const space = await workspace();
  const memory = inMemory ? mountTmpfs(space.root, 'size=256m') : null;
  let server = await serve(space.root, args);
  const { port } = server;
  const proxy = createProxy(port);
  const site = await startSite(bundle, { api: proxy.handle });

  async function ask<Answer>(procedure: string, input: object): Promise<Answer> {
    const query = encodeURIComponent(JSON.stringify(input));
    const answer = await fetch(`http://127.0.0.1:${port}/trpc/uploads.${procedure}?input=${query}`);
    const { result } = (await answer.json()) as { result: { data: Answer } };
    return result.data;
  }

  return {
    ...{ space, proxy, site, port },
    /** As a power cut would, as far as the process is concerned. */
    async crash(): Promise<void> {
      server.kill('SIGKILL');
      await server.ended;
    },
    async restart(): Promise<void> {
      server = await serve(space.root, [...args, '--port', String(port)]);
    },
    openBench: (context: BrowserContext, settings: Settings = {}, host = '127.0.0.1') =>
      openTab(context, `http://${host}:${site.port}/`, settings),
    list: async () => (await ask<{ items: UploadView[] }>('list', { limit: 100 })).items,
    /** What the server holds of an upload. */
    held: (uploadId: string) => ask<UploadView>('resume', { uploadId }),
    /** The file that lies at the answered path is the chosen one, byte by byte, and nothing else lies there. */
    expectStored: (answered: string, chosen: string) => expectStored(space.root, { [answered]: chosen }),
    /** The same for many: which chosen file lies at which answered path. */
    expectStoredAll: (chosen: Record<string, string>) => expectStored(space.root, chosen),
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      proxy.close();
      await server[Symbol.asyncDispose]();
      if (memory && Symbol.dispose in memory) memory[Symbol.dispose]();
      await space[Symbol.asyncDispose]();
    },
  };
}

export type Lab = Awaited<ReturnType<typeof startLab>>;

/** Exactly these files are published, each as it was chosen, and nothing is left of what was on its way. */
export async function expectStored(root: string, chosen: Record<string, string>): Promise<void> {
  const published = Object.keys(chosen).map((answered) => path.relative('files', answered));
  await expect
    .poll(() => ({
      staging: readdirSync(path.join(root, 'staging')),
      files: filesBelow(root, 'files').sort(),
    }))
    .toEqual({ staging: [], files: published.sort() });
  for (const [answered, file] of Object.entries(chosen))
    expect(await compareFiles(path.join(root, answered), file), `${answered} is not ${file}`).not.toBeNull();
}
