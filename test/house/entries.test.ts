import { describe, expect, test } from 'vitest';
import { loadedWith } from './loaded.js';
import { madeUpProject, ROOT, read } from './tree.js';

/** Entries of the package that never reach a browser; all others must be able to run in one. */
const FOR_SERVERS = ['./contract/schemas', './server', './worker', './testing', './next'];
const NO_CODE = ['./package.json'];
const FOR_NODE = ['./client/node'];

const { exports: exported } = JSON.parse(read('package.json')) as {
  exports: Record<string, { default: string }>;
};
const entries = Object.keys(exported).filter((entry) => !NO_CODE.includes(entry));

function sourceOf(entry: string): string {
  const built = exported[entry]?.default ?? '';
  return built.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts');
}

/** Of what is loaded, that which has no place in a client. */
function serverCode(loaded: readonly string[]): string[] {
  const wrong = [/^(server|workers|cli)\//, /^contract\/schemas\.ts$/, /node_modules\/zod\//];
  return loaded.filter((file) => wrong.some((pattern) => pattern.test(file)));
}

const nodeOnly = (loaded: readonly string[]) =>
  loaded.filter((file) => file.startsWith('node:') || file.startsWith('client/node/'));

const clients = entries.filter((entry) => !FOR_SERVERS.includes(entry));

describe.each(clients)('chunkwise%s', (entry) => {
  test('loads no zod and no server code', async () => {
    const loaded = await loadedWith(ROOT, sourceOf(entry));
    expect(loaded).toContain(sourceOf(entry));
    expect(serverCode(loaded)).toEqual([]);
  });

  if (FOR_NODE.includes(entry)) return;

  test('loads nothing of Node', async () => {
    expect(nodeOnly(await loadedWith(ROOT, sourceOf(entry)))).toEqual([]);
  });
});

describe('the check', () => {
  const project = (client: string) =>
    madeUpProject({
      'client/index.ts': `import { step } from './step.js'; export const all = step;`,
      'client/step.ts': client,
      'client/node/index.ts': 'export const files = 1;',
      'contract/schemas.ts': `import { z } from 'zod'; export const id = z.string(); export type Id = z.infer<typeof id>;`,
      'server/index.ts': 'export type Router = string; export const all = 1;',
    });

  test.each<[string, string, string]>([
    ['zod', `import { z } from 'zod'; export const step = z;`, 'node_modules/zod/index.js'],
    [
      'a schema',
      `import { id } from '../contract/schemas.js'; export const step = id;`,
      'contract/schemas.ts',
    ],
    ['the server', `import { all } from '../server/index.js'; export const step = all;`, 'server/index.ts'],
    ['a late import', `export const step = () => import('../server/index.js');`, 'server/index.ts'],
    [
      'an import of types that stays behind, empty',
      `import { type Router } from '../server/index.js'; export const step: Router = 'x';`,
      'server/index.ts',
    ],
  ])('finds %s', async (_, client, wrong) => {
    using made = project(client);
    expect(serverCode(await loadedWith(made.root, 'client/index.ts'))).toContain(wrong);
  });

  test.each<[string, string, string]>([
    ["Node's modules", `import { stat } from 'node:fs'; export const step = stat;`, 'node:fs'],
    ['them without a prefix', `import fs from 'fs/promises'; export const step = fs;`, 'node:fs/promises'],
    ['them in a package', `import fastify from 'fastify'; export const step = fastify;`, 'node:http'],
    [
      'client/node',
      `import { files } from './node/index.js'; export const step = files;`,
      'client/node/index.ts',
    ],
  ])('finds %s', async (_, client, wrong) => {
    using made = project(client);
    expect(nodeOnly(await loadedWith(made.root, 'client/index.ts'))).toContain(wrong);
  });

  test('lets types pass', async () => {
    using made = project(
      `import type { Router } from '../server/index.js'; import type { Id } from '../contract/schemas.js'; export const step: Router | Id = 'x';`,
    );
    expect(await loadedWith(made.root, 'client/index.ts')).toEqual(['client/index.ts', 'client/step.ts']);
  });
});

describe('a command line loads no more than its command needs', () => {
  test.each([
    ['upload', 'server/'],
    ['hash', 'server/'],
    ['list', 'server/'],
    ['abort', 'server/'],
    ['serve', 'client/'],
    ['verify', 'client/'],
    ['sweep', 'client/'],
    ['migrate', 'client/'],
  ])('%s: nothing of %s', async (command, folder) => {
    const loaded = await loadedWith(ROOT, `cli/commands/${command}.ts`);
    expect(loaded.length).toBeGreaterThan(5);
    expect(loaded.filter((file) => file.startsWith(folder))).toEqual([]);
  });
});
