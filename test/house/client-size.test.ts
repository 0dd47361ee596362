import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { KiB } from '../../contract/index.js';
import { madeUpProject, ROOT } from './tree.js';

/** What a page pays for `chunkwise/client`, gzipped, beside tRPC's own client. */
const AT_MOST_BYTES = 15 * KiB;

interface Measured {
  /** Gzipped bytes of all that is loaded at once: no worker, and nothing that is imported late. */
  readonly bytes: number;
  /** The files of it, as the bundler names them. */
  readonly inputs: readonly string[];
  /** Names of packages whose code is loaded late, or at once. */
  readonly packages: readonly string[];
}

/** Bundles a built module as a page does that uses all of it. */
async function measure(file: string): Promise<Measured> {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    absWorkingDir: path.dirname(file),
    outdir: path.join(path.dirname(file), 'bundled'),
    ...{ bundle: true, splitting: true, minify: true, write: false, metafile: true },
    ...{ format: 'esm', platform: 'browser' },
    // A peer, which every user of tRPC has in the page anyway.
    external: ['@trpc/client'],
  });
  const outputs = Object.entries(metafile.outputs);
  const entry = outputs.find(([, { entryPoint }]) => entryPoint === path.basename(file))?.[0] ?? '';
  const atOnce = new Set<string>();
  const follow = (name: string): void => {
    if (atOnce.has(name) || !metafile.outputs[name]) return;
    atOnce.add(name);
    for (const { path: next, kind } of metafile.outputs[name].imports)
      if (kind === 'import-statement') follow(next);
  };
  follow(entry);
  const texts = outputFiles.filter((output) =>
    [...atOnce].some((name) => path.resolve(path.dirname(file), name) === output.path),
  );
  const used = (names: Iterable<string>) =>
    [...names].flatMap((name) => Object.keys(metafile.outputs[name]?.inputs ?? {}));
  const packageOf = (input: string) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
  return {
    bytes: texts.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0),
    inputs: used(atOnce),
    packages: [...new Set(used(outputs.map(([name]) => name)).flatMap((input) => packageOf(input) ?? []))],
  };
}

test('chunkwise/client is at most 15 KiB, gzipped', async () => {
  const { bytes, inputs, packages } = await measure(path.join(ROOT, 'dist/client/index.js'));
  expect(bytes).toBeLessThanOrEqual(AT_MOST_BYTES);
  // It is the client that was measured; hash-wasm is there, and not loaded at once.
  expect(inputs).toEqual(expect.arrayContaining(['engine.js', 'browser/pool.js', 'browser/xhr-sender.js']));
  expect(inputs.filter((input) => input.includes('hash-wasm'))).toEqual([]);
  expect(packages).toEqual(['hash-wasm']);
});

describe('the check', () => {
  const random = (length: number) =>
    Array.from({ length }, (_, i) => ((i * 2_654_435_761) >>> 3).toString(36)).join('');

  test('counts what is imported at once, and not what is imported late', async () => {
    using project = madeUpProject({
      'a/index.js': `import { small } from './small.js'; export const late = () => import('./large.js'); export { small };`,
      'a/small.js': 'export const small = 1;',
      'a/large.js': `export const large = '${random(5000)}';`,
      'b/index.js': `import { large } from './large.js'; export const all = large; export const late = () => import('./large.js');`,
      'b/large.js': `export const large = '${random(5000)}';`,
    });
    const late = await measure(path.join(project.root, 'a/index.js'));
    expect(late.bytes).toBeLessThan(KiB);
    expect(late.inputs).toEqual(['small.js', 'index.js']);
    const atOnce = await measure(path.join(project.root, 'b/index.js'));
    expect(atOnce.bytes).toBeGreaterThan(AT_MOST_BYTES);
  });

  test('counts packages, but not the peer', async () => {
    using project = madeUpProject({
      'a/index.js': `export { httpLink } from '@trpc/client'; export { createSHA256 } from 'hash-wasm';`,
    });
    const { bytes, packages } = await measure(path.join(project.root, 'a/index.js'));
    expect(packages).toEqual(['hash-wasm']);
    expect(bytes).toBeGreaterThan(KiB);
  });
});
