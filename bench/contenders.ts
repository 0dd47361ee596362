import { readdirSync } from 'node:fs';
import path from 'node:path';
import { POLICY_DEFAULTS } from '../contract/index.js';

/** One way to move a file from a client process to a server process. */
export interface Contender {
  readonly name: string;
  /** Node's arguments; the server prints a line that ends in its address. */
  server(root: string): string[];
  client(file: string, url: string): string[];
  /** Where the file lies afterwards. */
  result(root: string): string;
}

const here = import.meta.dirname;
const script = (name: string) => path.join(here, 'processes', `${name}.js`);
const cli = path.join(here, '../dist/cli/main.js');

function published(root: string): string {
  const files = path.join(root, 'files');
  const [id = ''] = readdirSync(files);
  const [name = ''] = readdirSync(path.join(files, id));
  return path.join(files, id, name);
}

const chunkwise = (store: 'in-place' | 'multi-file'): Contender => ({
  name: `Chunkwise, ${store}`,
  server: (root) => [cli, 'serve', '--root', root, '--port', '0', '--store', store],
  client: (file, url) => [cli, 'upload', file, '--to', url, '--json'],
  result: published,
});

export const FLOOR = 'verified floor';

export const contenders: Contender[] = [
  {
    name: FLOOR,
    server: (root) => [script('floor-server'), root],
    client: (file, url) => [script('floor-client'), file, url, String(POLICY_DEFAULTS.chunkSizeBytes)],
    result: (root) => path.join(root, 'floor.bin'),
  },
  chunkwise('in-place'),
  chunkwise('multi-file'),
  {
    name: '@tus/server',
    server: (root) => [script('tus-server'), root],
    client: (file, url) => [script('tus-client'), file, url],
    result: (root) => path.join(root, readdirSync(root).find((name) => !name.endsWith('.json')) ?? ''),
  },
];
