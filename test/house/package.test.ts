import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { effects, lint, type Packed, pack, topLevelAwaits } from './package-files.js';
import { madeUpProject, ROOT, read, sources } from './tree.js';

/** Raise them for a reason only. A quarter is the page of `serve`, with Uppy in it, as it is and compressed. */
const AT_MOST = { packedBytes: 1_150_000, unpackedBytes: 4_200_000 };
const manifest = JSON.parse(read('package.json')) as {
  exports: Record<string, string | { types: string; default: string }>;
  bin: Record<string, string>;
  sideEffects: string[];
};
/** Folders whose sources are packed too, so that a debugger and "go to definition" find them. */
const folders = (JSON.parse(read('tsconfig.json')) as { include: string[] }).include;
/** ES modules alone: `require` loads them on every Node.js that we support. */
const ATTW = ['--profile', 'esm-only', '--no-color', '--no-emoji'];

const folder = mkdtempSync(path.join(os.tmpdir(), 'chunkwise-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let packed: Packed;
beforeAll(async () => {
  packed = await pack(ROOT, folder);
});

/** Files and folders that a document links to, as it writes them. */
function linksOf(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s#]*)[^)\s]*\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => target !== '' && !/^(https?:|mailto:)/.test(target));
}

describe('the package', () => {
  test('publint --strict has nothing against it', async () => {
    const { passes, says } = await lint('publint', ['run', packed.tarball, '--strict']);
    expect(says).toMatch(/All good!/);
    expect(passes).toBe(true);
  });

  test('attw has nothing against its types', async () => {
    const { passes, says } = await lint('attw', [packed.tarball, ...ATTW]);
    expect(passes, says).toBe(true);
    // For each entry: it is found by import, in Node and in bundlers, with types that say so.
    for (const entry of Object.keys(manifest.exports))
      expect(says).toMatch(new RegExp(`"chunkwise${entry.slice(1)}" *│ OK \\((ESM|JSON)\\) *│ OK`));
  });

  test('has what is built, its sources, documents, examples and license, and nothing else', () => {
    const fine = [
      new RegExp(`^dist/(${folders.join('|')})/[\\w./-]+\\.(js|d\\.ts)(\\.map)?$`),
      new RegExp(`^(${folders.join('|')})/[\\w./-]+\\.tsx?$`),
      /^dist\/page\/(licenses\.md|(index\.html|assets\/(workers\/)?[\w-]+\.(js|css|svg))(\.gz)?)$/,
      /^server\/sessions\/sqlite\/migrations\/\w+\.sql$/,
      /^docs\/([\w./-]+\.md|images\/[\w-]+\.png)$/,
      /^examples\/(?!.*(node_modules|\.next)\/)[\w./[\]-]+\.(tsx?|json|html|css)$/,
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md)$/,
    ];
    expect(packed.files.filter((file) => !fine.some((pattern) => pattern.test(file)))).toEqual([]);
    for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/errors.md', 'dist/page/index.html'])
      expect(packed.files).toContain(file);
    expect(packed.files.filter((file) => /\.test\.|\.test-d\.|tsbuildinfo/.test(file))).toEqual([
      'examples/testing/app.test.ts',
    ]);
  });

  test('has what its documents link to', () => {
    const lost = packed.files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => linksOf(read(file)).map((target) => path.join(path.dirname(file), target)))
      .filter((target) => !packed.files.some((file) => file === target || file.startsWith(`${target}/`)));
    expect(lost).toEqual([]);
    expect(linksOf('[a](docs/b.md#c) [d](#e) [f](https://g.org)')).toEqual(['docs/b.md']);
  });

  test('has each source once, and once built', () => {
    const modules = (pattern: RegExp) => packed.files.flatMap((file) => pattern.exec(file)?.[1] ?? []).sort();
    const written = sources(folders).map((file) => file.replace(/\.tsx?$/, ''));
    expect(modules(/^(?!dist\/|examples\/)(.*)\.tsx?$/)).toEqual(written.sort());
    for (const built of [
      /^dist\/(?!page\/)(.*)\.js$/,
      /^dist\/(.*)\.d\.ts$/,
      /^dist\/(.*)\.js\.map$/,
      /^dist\/(.*)\.d\.ts\.map$/,
    ])
      expect(modules(built), String(built)).toEqual(written);
  });

  test('has what its maps lead to', () => {
    const lost: string[] = [];
    for (const map of packed.files.filter((file) => file.endsWith('.map')))
      for (const source of (JSON.parse(read(map)) as { sources: string[] }).sources)
        if (!packed.files.includes(path.join(path.dirname(map), source))) lost.push(`${map} → ${source}`);
    expect(lost).toEqual([]);
  });

  test('has types and code for every entry, types first', () => {
    const { './package.json': own, ...entries } = manifest.exports;
    expect(own).toBe('./package.json');
    for (const target of Object.values(entries)) {
      expect(Object.keys(target)).toEqual(['types', 'default']);
      for (const file of Object.values(target)) expect(packed.files).toContain(file.slice(2));
    }
    for (const file of Object.values(manifest.bin)) {
      expect(packed.files).toContain(file);
      expect(read(file)).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  test('stays small', () => {
    expect(packed.size).toBeLessThanOrEqual(AT_MOST.packedBytes);
    expect(packed.unpackedSize).toBeLessThanOrEqual(AT_MOST.unpackedBytes);
  });
});

describe('modules', () => {
  const declared = manifest.sideEffects.map((glob) => glob.replace(/^\.\/dist\//, '').replace(/\*\.js$/, ''));
  const isProgram = (file: string) =>
    declared.some((start) => file.startsWith(start) && !file.slice(start.length).includes('/'));

  test('do nothing when they are loaded, unless package.json lists them in sideEffects', () => {
    const acting = sources(folders).filter((file) => effects(read(file)).length > 0);
    expect(acting.filter((file) => !isProgram(file))).toEqual([]);
    expect(acting.length).toBeGreaterThan(0);
  });

  test('wait for nothing when they are loaded, so that `require` loads them; programs may', () => {
    const waiting = sources(folders).filter((file) => topLevelAwaits(read(file)).length > 0);
    expect(waiting.filter((file) => !isProgram(file))).toEqual([]);
    expect(waiting.length).toBeGreaterThan(0);
  });
});

describe('the checks', () => {
  test('find effects, and top-level awaits', () => {
    const quiet = `'use client'; import './a.js'; export * from './b.js'; export default 1; interface A {} type B = A; enum C {}
      const run = async () => { await run(); for await (const one of run()) await one; };
      export class D { async e() { await using f = run(); } } declare const g: string;`;
    expect([effects(quiet), topLevelAwaits(quiet)]).toEqual([[], []]);
    const loud = `const a = await b(); for await (const c of a) d(c); await using e = f(); if (g) h(); i.j = 1;`;
    expect(effects(loud)).toEqual(['for await (const c of a) d(c);', 'if (g) h();', 'i.j = 1;']);
    expect(topLevelAwaits(loud)).toEqual([
      'await b()',
      'for await (const c of a) d(c);',
      'await using e = f()',
    ]);
  });

  test('publint and attw refuse a package that lacks what it names, or answers with the wrong kind of module', async () => {
    using made = madeUpProject({
      'package.json': JSON.stringify({
        name: 'made-up',
        version: '1.0.0',
        type: 'module',
        files: ['dist'],
        exports: {
          './gone': { types: './dist/gone.d.ts', default: './dist/gone.js' },
          './late': { default: './dist/late.cjs', types: './dist/late.d.ts' },
        },
      }),
      'dist/late.cjs': 'module.exports = { late: 1 };',
      'dist/late.d.ts': 'export declare const late: number;',
    });
    const { tarball } = await pack(made.root, made.root);
    const publint = await lint('publint', ['run', tarball, '--strict']);
    expect(publint).toEqual({
      passes: false,
      says: expect.stringMatching(/gone\.js but the file does not exist/),
    });
    const attw = await lint('attw', [tarball, ...ATTW]);
    expect(attw).toEqual({ passes: false, says: expect.stringMatching(/Resolution failed/) });
  });
});
