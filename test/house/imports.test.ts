import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { violationsIn } from './imports.js';
import { madeUpProject, PRODUCT } from './tree.js';

/** Modules that the rules have nothing against. The entries are those that package.json names. */
const ALLOWED = {
  'contract/index.ts': `export * from './limits.js'; export type * from './views.js';`,
  'contract/limits.ts': `export const LIMIT = 1;`,
  'contract/schemas.ts': `import { z } from 'zod'; export const id = z.string();`,
  'contract/views.ts': `import type { z } from 'zod'; import type * as s from './schemas.js'; export type Id = z.infer<typeof s.id>;`,
  'workers/main.ts': `import { LIMIT } from '../contract/index.js'; export const main = LIMIT;`,
  'server/worker.ts': `export * from '../workers/main.js';`,
  'server/index.ts': `import fs from 'node:fs'; import { id } from '../contract/schemas.js'; import { initTRPC } from '@trpc/server'; export type Router = typeof fs; export const all = [id, initTRPC];`,
  'client/index.ts': `import type { Router } from '../server/index.js'; import { observable } from '@trpc/server/observable'; import { createTRPCClient } from '@trpc/client'; export type R = Router; export const all = [observable, createTRPCClient];`,
  'client/node/index.ts': `import fs from 'node:fs'; import * as core from '../index.js'; export const all = [fs, core];`,
  'client/node/worker.ts': `import fs from 'node:fs'; export default fs;`,
  'cli/main.ts': `import * as server from '../server/index.js'; import * as client from '../client/node/index.js'; export const all = [server, client];`,
  'testing/index.ts': `import * as server from '../server/index.js'; import * as tasks from '../workers/main.js'; import * as client from '../client/node/index.js'; export const all = [server, tasks, client];`,
  'page/main.tsx': `import { render } from 'preact'; import * as client from '../client/index.js'; import type { Id } from '../contract/views.js'; export type I = Id; export const all = [render, client];`,
  'page/vite.config.ts': `import path from 'node:path'; import { defineConfig } from 'vite'; export default defineConfig({ root: path.sep });`,
  'cli/demo.ts': `import * as main from './main.js'; export default main;`,
};

/** Each rule with modules that break it, and what is then found. */
const FORBIDDEN: Record<string, { modules: Record<string, string>; found: string[] }> = {
  'contract-stands-alone': {
    modules: {
      'contract/up.ts': `import type { main } from '../workers/main.js'; export type M = typeof main;`,
    },
    found: ['contract/up.ts → workers/main.ts'],
  },
  'workers-know-the-contract-only': {
    modules: { 'workers/up.ts': `import { all } from '../server/index.js'; export const up = all;` },
    found: ['workers/up.ts → server/index.ts'],
  },
  'server-without-client': {
    modules: { 'server/side.ts': `import type { R } from '../client/index.js'; export type S = R;` },
    found: ['server/side.ts → client/index.ts'],
  },
  'client-takes-only-types-of-server': {
    modules: {
      'client/value.ts': `import { all } from '../server/index.js'; export const value = all;`,
      'client/again.ts': `export { all as again } from '../server/index.js';`,
      'client/later.ts': `export const later = () => import('../server/index.js');`,
      'client/types.ts': `export type * from '../server/index.js'; export type Also = import('../server/index.js').Router;`,
    },
    found: [
      'client/again.ts → server/index.ts',
      'client/later.ts → server/index.ts',
      'client/value.ts → server/index.ts',
    ],
  },
  'client-without-workers': {
    modules: { 'client/hash.ts': `import { main } from '../workers/main.js'; export const hash = main;` },
    found: ['client/hash.ts → workers/main.ts'],
  },
  'nothing-imports-cli': {
    modules: { 'client/cli.ts': `import type * as cli from '../cli/main.js'; export type C = typeof cli;` },
    found: ['client/cli.ts → cli/main.ts'],
  },
  'nothing-imports-testing': {
    modules: {
      'server/tested.ts': `import type * as testing from '../testing/index.js'; export type T = typeof testing;`,
      'cli/tested.ts': `import { all } from '../testing/index.js'; export const tested = all;`,
    },
    found: ['cli/tested.ts → testing/index.ts', 'server/tested.ts → testing/index.ts'],
  },
  'page-from-contract-and-client': {
    modules: {
      'page/server.ts': `import type { Router } from '../server/index.js'; export type R = Router;`,
      'page/task.ts': `import { main } from '../workers/main.js'; export const task = main;`,
      'page/files.ts': `import * as node from '../client/node/index.js'; export const files = node;`,
    },
    found: [
      'page/files.ts → client/node/index.ts',
      'page/server.ts → server/index.ts',
      'page/task.ts → workers/main.ts',
    ],
  },
  'nothing-imports-page': {
    modules: {
      'page/words.ts': `export const words = 1;`,
      'server/page.ts': `import { words } from '../page/words.js'; export const page = words;`,
      'client/page.ts': `import type * as page from '../page/words.js'; export type P = typeof page;`,
    },
    found: ['client/page.ts → page/words.ts', 'server/page.ts → page/words.ts'],
  },
  'page-without-node': {
    modules: { 'page/fs.ts': `import { stat } from 'node:fs'; export const s = stat;` },
    found: ['page/fs.ts → fs'],
  },
  'isomorphic-without-node': {
    modules: {
      'contract/fs.ts': `import { stat } from 'node:fs'; export const s = stat;`,
      'client/crypto.ts': `import type { Hash } from 'crypto'; export type H = Hash;`,
    },
    found: ['client/crypto.ts → crypto', 'contract/fs.ts → fs'],
  },
  'isomorphic-without-client-node': {
    modules: {
      'client/up.ts': `import type { all } from './node/worker-of.js'; export type U = typeof all;`,
      'client/node/worker-of.ts': `export const all = 1;`,
    },
    found: ['client/up.ts → client/node/worker-of.ts'],
  },
  'no-zod-in-clients': {
    modules: {
      'contract/rule.ts': `import { id } from './schemas.js'; export const rule = id;`,
      'client/node/parse.ts': `import { z } from 'zod'; export const parse = z;`,
      'client/check.ts': `export const check = () => import('../contract/schemas.js');`,
      'page/check.ts': `import { id } from '../contract/schemas.js'; export const check = id;`,
    },
    found: [
      'client/check.ts → contract/schemas.ts',
      'client/node/parse.ts → node_modules/zod',
      'contract/rule.ts → contract/schemas.ts',
      'page/check.ts → contract/schemas.ts',
    ],
  },
  'no-trpc-server-in-clients': {
    modules: { 'client/trpc.ts': `import { initTRPC } from '@trpc/server'; export const t = initTRPC;` },
    found: ['client/trpc.ts → node_modules/@trpc/server'],
  },
  'no-cycles': {
    modules: {
      'server/a.ts': `import { b } from './b.js'; export const a = () => b;`,
      'server/b.ts': `import { a } from './a.js'; export const b = () => a;`,
      'workers/type-a.ts': `import type { B } from './type-b.js'; export interface A { b: B }`,
      'workers/type-b.ts': `import type { A } from './type-a.js'; export interface B { a: A }`,
    },
    found: ['server/a.ts → server/b.ts', 'workers/type-a.ts → workers/type-b.ts'],
  },
  'product-without-development-files': {
    modules: {
      'server/helped.ts': `import { help } from '../test/help.js'; export const h = help;`,
      'test/help.ts': `export const help = 1;`,
    },
    found: ['server/helped.ts → test/help.ts'],
  },
  'no-development-packages': {
    modules: {
      'server/check.ts': `import fc from 'fast-check'; export const check = fc;`,
      'server/types.ts': `import type { Parameters } from 'fast-check'; export type P = Parameters;`,
    },
    found: ['server/check.ts → node_modules/fast-check', 'server/types.ts → node_modules/fast-check'],
  },
  'no-undeclared-packages': {
    modules: { 'server/brought.ts': `import semver from 'semver'; export const s = semver;` },
    found: ['server/brought.ts → node_modules/semver'],
  },
  'no-unresolvable-imports': {
    modules: { 'server/lost.ts': `import { x } from './nowhere.js'; export const lost = x;` },
    found: ['server/lost.ts → ./nowhere.js'],
  },
};

test('right imports are let through', async () => {
  using project = madeUpProject(ALLOWED);
  expect(await violationsIn(project.root, PRODUCT)).toEqual([]);
});

test('each rule finds what it forbids, and nothing else', async () => {
  const broken = Object.values(FORBIDDEN).map(({ modules }) => modules);
  using project = madeUpProject(Object.assign({}, ALLOWED, ...broken));
  const found = await violationsIn(project.root, PRODUCT);
  const expected = Object.entries(FORBIDDEN).flatMap(([rule, one]) =>
    one.found.map((pair) => `${rule}: ${pair}`),
  );
  // No entry imports the modules that break the rules; that is the next test's.
  expect(found.filter((violation) => !violation.startsWith('no-dead-modules'))).toEqual(expected.sort());
});

test('every rule is proved here, and says why it is there', () => {
  const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
    forbidden: { name: string; comment: string; severity: string }[];
  };
  expect(forbidden.map(({ name }) => name).sort()).toEqual(
    [...Object.keys(FORBIDDEN), 'no-dead-modules'].sort(),
  );
  for (const { name, comment, severity } of forbidden) {
    expect(comment, name).toMatch(/\S{3,}.*\.$/);
    expect(severity, name).toBe('error');
  }
});

test('a module that no entry reaches is found, also where a dead one imports it', async () => {
  using project = madeUpProject({
    ...ALLOWED,
    'server/dead.ts': `import { deader } from './deader.js'; export const dead = deader;`,
    'server/deader.ts': `export const deader = 1;`,
  });
  expect(await violationsIn(project.root, PRODUCT)).toEqual([
    'no-dead-modules: server/dead.ts → server/dead.ts',
    'no-dead-modules: server/deader.ts → server/deader.ts',
  ]);
});
