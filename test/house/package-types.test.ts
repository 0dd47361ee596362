import { describe, expect, test } from 'vitest';
import { packagesNamedBy, unnamedTypes } from './package-types.js';
import { madeUpProject, ROOT, read } from './tree.js';

/** What every user of the package has. Types of other packages are an error in strict projects, and slow in all. */
const EVERYWHERE = ['@trpc/client', '@trpc/server', 'zod'];
/** What every user of that entry has as well. */
const WITH_ENTRY: Record<string, string> = { './client/react': 'react', './client/uppy': '@uppy/core' };
const FOR_SERVERS = ['./server', './client/node', './testing', './next'];

/** Types that no user's program writes down, each with its reason. */
const NOT_NAMED: Record<string, string> = {
  'dist/server/receive/body/body.d.ts BodySource': 'lies within the context, which users only pass on',
};

const { exports: exported } = JSON.parse(read('package.json')) as {
  exports: Record<string, string | { types: string }>;
};
const types = Object.fromEntries(
  Object.entries(exported).flatMap(([entry, target]) =>
    typeof target === 'string' ? [] : [[entry, target.types]],
  ),
);

test.each(Object.entries(types))(
  'declarations of %s name only packages that its users have',
  (entry, file) => {
    const named = packagesNamedBy(ROOT, file);
    const others = named.filter((name) => !EVERYWHERE.includes(name) && name !== WITH_ENTRY[entry]);
    expect(others.filter((name) => !(FOR_SERVERS.includes(entry) && name.startsWith('node:')))).toEqual([]);
  },
);

test('all types that the exports name are exported too', () => {
  // Threads start from the worker; no program calls it.
  const { './worker': _, ...others } = types;
  expect(unnamedTypes(ROOT, Object.values(others))).toEqual(Object.keys(NOT_NAMED).sort());
});

describe('the check', () => {
  const project = () =>
    madeUpProject({
      'dist/index.d.ts': `
        import type { Readable } from 'node:stream';
        import type { Given, Known, Word } from './inner.js';
        export type { Known } from './inner.js';
        interface Here {}
        type Inlined = { a: 1 };
        export declare function call(given: Given, known: Known): Word;
        export declare const value: { here: Here; inlined: Inlined; late: import('./late.js').Late };
        export declare class Stream implements Pick<Readable, 'read'> { read(): void }`,
      'dist/inner.d.ts': `
        import type { drizzle } from 'drizzle-orm/better-sqlite3';
        export interface Given { db: ReturnType<typeof drizzle> }
        export interface Known {}
        export type Word = 'a' | 'b';`,
      'dist/late.d.ts': `export interface Late {}`,
    });

  test('finds types that cannot be named', () => {
    using made = project();
    expect(unnamedTypes(made.root, ['dist/index.d.ts'])).toEqual([
      'dist/index.d.ts Here',
      'dist/inner.d.ts Given',
      'dist/inner.d.ts Word',
      'dist/late.d.ts Late',
    ]);
  });

  test('finds packages behind an import', () => {
    using made = project();
    expect(packagesNamedBy(made.root, 'dist/index.d.ts')).toEqual(['drizzle-orm', 'node:stream']);
  });
});
