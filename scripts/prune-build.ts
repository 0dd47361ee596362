import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Removes from the build what no source makes any more. The compiler leaves it there, where it would be packed, and
 * found by whoever imports a module that has moved. Called by `npm run build`.
 */
const root = path.resolve(import.meta.dirname, '..');
const build = path.join(root, 'dist');
/** Made by vite, which empties it first. */
const PAGE = path.join(build, 'page') + path.sep;

for (const entry of readdirSync(build, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  const [, module] = /^(.*?)(\.d)?\.[jt]s(\.map)?$/.exec(path.relative(build, file)) ?? [];
  if (!entry.isFile() || module === undefined || file.startsWith(PAGE)) continue;
  if (['.ts', '.tsx'].some((end) => existsSync(path.join(root, module + end)))) continue;
  rmSync(file, { force: true });
}
