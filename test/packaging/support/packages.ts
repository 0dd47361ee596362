import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

export interface InstalledPackage {
  /** `name@version` */
  readonly id: string;
  /** What runs, or is compiled, when it is installed. */
  readonly runs: readonly string[];
  /** Of its files, without the packages within it. */
  readonly bytes: number;
}

const AT_INSTALL = ['preinstall', 'install', 'postinstall'];

/** All packages below a project's node_modules, wherever npm or pnpm has put them; each once. */
export async function packagesIn(project: string): Promise<InstalledPackage[]> {
  const found = await within(path.join(project, 'node_modules'));
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function within(modules: string): Promise<InstalledPackage[]> {
  const found: InstalledPackage[] = [];
  for (const folder of await foldersIn(modules)) {
    const name = path.basename(folder);
    if (name === '.pnpm')
      for (const one of await foldersIn(folder))
        found.push(...(await within(path.join(one, 'node_modules'))));
    else if (name.startsWith('@'))
      for (const scoped of await foldersIn(folder)) found.push(...(await packageAt(scoped)));
    else if (!name.startsWith('.')) found.push(...(await packageAt(folder)));
  }
  return found;
}

/** That package, and those in its own node_modules. */
async function packageAt(folder: string): Promise<InstalledPackage[]> {
  const inner = await within(path.join(folder, 'node_modules'));
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => null);
  if (text === null) return inner;
  const {
    name,
    version,
    scripts = {},
  } = JSON.parse(text) as {
    name: string;
    version: string;
    scripts?: Record<string, string>;
  };
  const runs = AT_INSTALL.filter((script) => scripts[script] !== undefined);
  // npm compiles such a package even where it has no script.
  if (existsSync(path.join(folder, 'binding.gyp'))) runs.push('binding.gyp');
  return [...inner, { id: `${name}@${version}`, runs, bytes: await bytesOf(folder) }];
}

/** Not links: they lead to packages that lie elsewhere. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name));
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') bytes += await bytesOf(at);
    else if (entry.isFile()) bytes += (await stat(at)).size;
  }
  return bytes;
}
