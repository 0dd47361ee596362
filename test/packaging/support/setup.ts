import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { ROOT } from '../../house/tree.js';
import { keepOwnBuild } from './prebuilds.js';
import { runIn } from './run.js';

/** What one run of `npm run test:packaging` shares: made before its first test, removed after its last. */
export interface Workshop {
  /** Scratch projects lie below it. */
  readonly folder: string;
  /** The package as it would be published, from the build that is there. */
  readonly tarball: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    workshop: Workshop;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chunkwise-packaging-'));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    // Scripts would build again, over the feet of tests that use the build.
    const { code, stdout, stderr } = await runIn(ROOT, 'npm', [
      ...['pack', '--json', '--ignore-scripts'],
      ...['--pack-destination', folder],
    ]);
    if (code !== 0) throw new Error(`npm pack failed: ${stderr}`);
    const [made] = JSON.parse(stdout) as { filename: string }[];
    if (made === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
    await keepOwnBuild(folder);
    provide('workshop', { folder, tarball: path.join(folder, made.filename) });
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
