import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ICruiseResult } from 'dependency-cruiser';
import { ROOT } from './tree.js';

const DEPCRUISE = path.join(ROOT, 'node_modules/.bin/depcruise');

/** What `npm run check` would say of the imports in a project, as `rule: from → to`, sorted; packages by name. */
export async function violationsIn(root: string, folders: readonly string[]): Promise<string[]> {
  const options = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders];
  const run = promisify(execFile)(DEPCRUISE, options, { cwd: root, maxBuffer: 2 ** 28 });
  // It exits with the number of violations; what it found is on its output in any case.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  const { violations } = (JSON.parse(stdout) as ICruiseResult).summary;
  return violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${inShort(to)}`).sort();
}

function inShort(file: string): string {
  return /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? file;
}
