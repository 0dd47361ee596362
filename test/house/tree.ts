import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
/** The folders that make the package. */
export const PRODUCT = ['contract', 'workers', 'server', 'client', 'cli', 'testing', 'page'];

const NOT_OURS = ['node_modules', 'dist', '.git', 'coverage', 'chunkwise-demo'];

export function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** Paths relative to the repository, with `/`, of all files under `folders` whose names end in one of `ends`. */
export function files(folders: readonly string[], ...ends: string[]): string[] {
  const found: string[] = [];
  for (const folder of folders)
    for (const entry of readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      const file = path.relative(ROOT, path.join(entry.parentPath, entry.name)).split(path.sep).join('/');
      if (entry.isFile() && ends.some((end) => file.endsWith(end)) && isOurs(file)) found.push(file);
    }
  return found.sort();
}

function isOurs(file: string): boolean {
  return !file.split('/').some((part) => NOT_OURS.includes(part));
}

export function sources(folders: readonly string[] = PRODUCT): string[] {
  return files(folders, '.ts', '.tsx').filter((file) => !file.endsWith('.d.ts'));
}

/** A made-up project with this one's settings and packages; gone when disposed. */
export function madeUpProject(contents: Record<string, string>): { root: string } & Disposable {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'chunkwise-house-')));
  for (const file of ['package.json', 'tsconfig.json', '.dependency-cruiser.cjs'])
    writeFileSync(path.join(root, file), read(file));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
  for (const [file, text] of Object.entries(contents)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
