import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../house/tree.js';
import { runIn } from './run.js';

/** Where installs of one run find better-sqlite3 as an earlier one built it; a folder of the workshop. */
const folderIn = (workshop: string) => path.join(workshop, 'prebuilds');

/** Lets installs take what was kept. Others download, or compile, as anywhere. */
export function prebuildsEnv(workshop: string): Record<string, string> {
  return { npm_config_better_sqlite3_local_prebuilds: folderIn(workshop) };
}

/**
 * Keeps the better-sqlite3 of that node_modules, in the form that its own install looks for, so that no other install
 * compiles it again. Does nothing where none is built.
 * @param abi `process.versions.modules` of the Node.js that it was built for
 */
export async function keepBuild(workshop: string, modules: string, abi: string): Promise<void> {
  const built = path.join(modules, 'better-sqlite3');
  const addon = 'build/Release/better_sqlite3.node';
  if (!existsSync(path.join(built, addon))) return;
  const { version } = JSON.parse(await readFile(path.join(built, 'package.json'), 'utf8')) as {
    version: string;
  };
  const name = `better-sqlite3-v${version}-node-v${abi}-${process.platform}-${process.arch}.tar.gz`;
  await mkdir(folderIn(workshop), { recursive: true });
  const begun = await mkdtemp(path.join(workshop, 'prebuild-'));
  const { code, stderr } = await runIn(built, 'tar', ['-czf', path.join(begun, name), addon]);
  if (code !== 0) throw new Error(`tar failed: ${stderr}`);
  await rename(path.join(begun, name), path.join(folderIn(workshop), name));
  await rm(begun, { recursive: true });
}

/** That of this repository, for the Node.js that runs the tests. */
export const keepOwnBuild = (workshop: string): Promise<void> =>
  keepBuild(workshop, path.join(ROOT, 'node_modules'), process.versions.modules);
