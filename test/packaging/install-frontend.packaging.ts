import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstalledPackage, packagesIn } from './support/packages.js';
import { type Scratch, scratch } from './support/scratch.js';
import {
  MANAGERS,
  ownNode,
  projectOf,
  requiredPackages,
  serverPackages,
  type Toolchain,
} from './support/toolchains.js';

/** What Chunkwise may bring beside the packages that a tRPC app has anyway. Raise it for a reason only. */
const AT_MOST = { packages: 95, mebibytes: 38 };

const compiling = (packages: readonly InstalledPackage[]) =>
  packages.filter(({ runs }) => runs.length > 0).map(({ id, runs }) => `${id}: ${runs.join(', ')}`);

/** The one sentence that a failed command leaves. */
const failure = (sentence: string) => ({ code: 1, stdout: '', stderr: `chunkwise: ${sentence}\n` });

let toolchain: Toolchain;
beforeAll(async () => {
  toolchain = await ownNode();
});

describe.each(MANAGERS)('a front end, installed by %s', (manager) => {
  let project: Scratch;
  let packages: InstalledPackage[];
  beforeAll(async () => {
    project = await projectOf(toolchain, manager, requiredPackages());
    packages = await packagesIn(project.path);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  test('compiles nothing, and runs no script of a package', () => {
    const names = packages.map(({ id }) => id.replace(/(?!^)@.*/, ''));
    expect(names).toEqual(expect.arrayContaining(['chunkwise', '@trpc/client', 'fastify']));
    expect(names).not.toContain('better-sqlite3');
    expect(names).not.toContain('file-type');
    expect(compiling(packages)).toEqual([]);
  });

  test('gets no more than a bounded number of packages and bytes', () => {
    const anyway = /^(@trpc\/|zod@|@?typescript[@/])/;
    const brought = new Map(packages.filter(({ id }) => !anyway.test(id)).map((one) => [one.id, one.bytes]));
    const mebibytes = [...brought.values()].reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20;
    console.log(`${manager}: ${brought.size} packages, ${mebibytes.toFixed(1)} MiB`);
    expect(brought.size).toBeLessThanOrEqual(AT_MOST.packages);
    expect(mebibytes).toBeLessThanOrEqual(AT_MOST.mebibytes);
  });

  test('has a client that hashes', async () => {
    const file = path.join(project.path, 'file.txt');
    await writeFile(file, 'hello');
    const { stdout } = await project.must(project.bin('chunkwise'), ['hash', file]);
    expect(stdout).toMatch(/^9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50-1 /);
    const load = `import('chunkwise/client').then(({ createUploader }) => console.log(typeof createUploader))`;
    expect(await project.must('node', ['-e', load])).toMatchObject({ stdout: 'function\n', stderr: '' });
  });

  test('is told in one sentence what a server needs besides', async () => {
    const root = path.join(project.path, 'data');
    expect(await project.run(project.bin('chunkwise'), ['serve', '--root', root, '--port', '0'])).toEqual(
      failure('The SQLite driver is not installed: npm install better-sqlite3@12'),
    );
  });
});

test('a server whose driver pnpm did not build is told so in one sentence, and runs after it was built', async () => {
  await using project = await projectOf(toolchain, 'pnpm', serverPackages(), { flags: ['--ignore-scripts'] });
  const serve = ['serve', '--root', path.join(project.path, 'data'), '--port', '0'];
  expect(await project.run(project.bin('chunkwise'), serve)).toEqual(
    failure(
      'The SQLite driver is not built for this Node.js: npm rebuild better-sqlite3 (with pnpm: pnpm approve-builds)',
    ),
  );
  await project.must('pnpm', ['rebuild', 'better-sqlite3']);
  await using serving = project.start(project.bin('chunkwise'), serve);
  await serving.line(/^chunkwise listening on /);
});

test('what is compiled or run is found, wherever it lies', async () => {
  const named = (name: string, scripts = {}) => JSON.stringify({ name, version: '1.0.0', scripts });
  await using project = await scratch('made-up', {
    files: {
      'node_modules/still/package.json': named('still', { prepare: 'make', test: 'make' }),
      'node_modules/still/node_modules/native/package.json': named('native'),
      'node_modules/still/node_modules/native/binding.gyp': '{}',
      'node_modules/@of/one/package.json': named('@of/one', { postinstall: 'make' }),
      'node_modules/.pnpm/deep@1.0.0/node_modules/deep/package.json': named('deep', { install: 'make' }),
      'node_modules/.bin/tool': 'x',
    },
  });
  expect(compiling(await packagesIn(project.path))).toEqual([
    '@of/one@1.0.0: postinstall',
    'deep@1.0.0: install',
    'native@1.0.0: binding.gyp',
  ]);
});
