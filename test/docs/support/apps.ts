import fs from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../house/tree.js';
import { temporaryFolder } from '../../support/server.js';
import { blocksOf, page } from './markdown.js';

const NOTE = 'app: ';

/** A block with the note `app: server/main.ts` is that file of the app which its page shows. */
export function pathInApp(note: string | null): string | null {
  return note?.startsWith(NOTE) ? note.slice(NOTE.length) : null;
}

/** The files of the app that a page shows, by path. */
export function appOf(file: string): Record<string, string> {
  const blocks = blocksOf(page(file)).map(({ note, text }) => [pathInApp(note), text] as const);
  return Object.fromEntries(blocks.filter(([name]) => name !== null));
}

/** That app in a folder of its own, where this package and those beside it are installed. */
export async function writeApp(file: string): Promise<AsyncDisposable & { path: string }> {
  const folder = await temporaryFolder();
  const write = async (name: string, text: string) => {
    const target = path.join(folder.path, name);
    await fs.mkdir(path.dirname(target), { recursive: true });
    await fs.writeFile(target, text);
  };
  for (const [name, text] of Object.entries(appOf(file))) await write(name, text);
  await write('package.json', '{ "type": "module" }');
  const installed = path.join(ROOT, 'node_modules');
  const modules = path.join(folder.path, 'node_modules');
  await fs.mkdir(modules);
  for (const name of await fs.readdir(installed))
    await fs.symlink(path.join(installed, name), path.join(modules, name));
  await fs.symlink(ROOT, path.join(modules, 'chunkwise'));
  return folder;
}
