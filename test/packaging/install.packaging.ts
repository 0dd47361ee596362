import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, read } from '../house/tree.js';
import { type Scratch, versionsOf } from './support/scratch.js';
import { MANAGERS, type Manager, nodeOf, projectOf, serverPackages } from './support/toolchains.js';

const {
  exports: exported,
  version,
  engines,
} = JSON.parse(read('package.json')) as {
  engines: { node: string };
  exports: Record<string, string | { default: string }>;
  version: string;
};
/** Lines of Node.js, and the oldest of all. 22 and 24 come first, as their SQLite may have to be compiled. */
const LINES = ['22', '24', '20', engines.node.replace('>=', '')];
const ENTRIES = Object.keys(exported).filter((entry) => entry !== './package.json');
const SIZE = 20 * 2 ** 20 + 12_345;

const SEES = `process.stdout.write(JSON.stringify({
  node: process.versions.node,
  names: Object.fromEntries(entries.map(([entry, module]) => [entry, Object.keys(module).sort()])),
}));`;
const LIST = JSON.stringify(ENTRIES);
const ONE_FOR_ALL = "entry.replace('.', 'chunkwise')";

/** A server and a client of it in one program, which has to end by itself. */
const UPLOADS = `async function main([root, file]) {
  const mebibyte = 2 ** 20;
  const films = policy({
    threshold: mebibyte, chunkSize: mebibyte, input: z.object({ title: z.string() }),
    beforePublish: sniffType({ types: ['application/pdf'] }),
    completed: (upload, file) => ({ title: upload.metadata.title, path: file.path }),
  });
  const uploads = createUploads({ root, owner: 'shared', policies: { films } });
  const t = initTRPC.context().create();
  const server = createHTTPServer({
    router: t.router({ uploads: uploads.procedures(t.procedure) }),
    middleware: uploads.middleware,
    createContext: (opts) => uploads.context(opts),
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:' + server.address().port;
  const trpc = createTRPCClient({ links: [uploadLink({ url }), httpBatchLink({ url })] });
  const uploader = createUploader(trpc.uploads, { hasher: nodeHasher() });
  const result = await uploader.upload(await fileSource(file), { policy: 'films', metadata: { title: 'Ann' } });
  console.log(JSON.stringify(result));
  await uploader.close();
  server.close();
  server.closeAllConnections();
  await uploads.close();
}
main(process.argv.slice(2));`;

const IMPORTS: Record<string, string> = {
  'chunkwise/server': 'createUploads, policy, sniffType',
  'chunkwise/client/node': 'createUploader, fileSource, nodeHasher, uploadLink',
  '@trpc/client': 'createTRPCClient, httpBatchLink',
  '@trpc/server': 'initTRPC',
  '@trpc/server/adapters/standalone': 'createHTTPServer',
  zod: 'z',
};
const each = (line: (names: string, from: string) => string) =>
  Object.entries(IMPORTS).map(([from, names]) => line(names, from));

const FILES = {
  'entries.mjs': `const entries = await Promise.all(${LIST}.map(async (entry) => [entry, await import(${ONE_FOR_ALL})]));\n${SEES}`,
  'entries.cjs': `const entries = ${LIST}.map((entry) => [entry, require(${ONE_FOR_ALL})]);\n${SEES}`,
  'uploads.mjs': [...each((names, from) => `import { ${names} } from '${from}';`), UPLOADS].join('\n'),
  'uploads.cjs': [...each((names, from) => `const { ${names} } = require('${from}');`), UPLOADS].join('\n'),
};

/** The optional peers too: an entry that stands on one is loaded with it. */
const packages = { ...serverPackages(), ...versionsOf('react', '@uppy/core') };

const key = (line: string, manager: Manager) => `${line} ${manager}`;
const projects = new Map<string, Promise<Scratch>>();
let bytes: Buffer;

/** All installs, two lines of Node.js at a time; each test waits for its own. */
beforeAll(() => {
  // What file-type takes for a PDF.
  bytes = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(SIZE - 9)]);
  const lanes = [Promise.resolve(), Promise.resolve()];
  for (const [place, line] of LINES.entries()) {
    const lane = place % lanes.length;
    // npm first: what it has to compile, pnpm's install takes over.
    for (const manager of MANAGERS) {
      const before = lanes[lane];
      const project = (async () => {
        await before;
        return await projectOf(await nodeOf(line), manager, packages, { files: FILES });
      })();
      projects.set(key(line, manager), project);
      lanes[lane] = project.then(
        () => {},
        () => {},
      );
    }
  }
});

afterAll(async () => {
  for (const project of await Promise.allSettled(projects.values()))
    if (project.status === 'fulfilled') await project.value[Symbol.asyncDispose]();
});

const cases = LINES.flatMap((line) => MANAGERS.map((manager) => ({ line, manager })));

describe.each(cases)('Node $line, installed by $manager', ({ line, manager }) => {
  async function projectWithFile() {
    const project = await projects.get(key(line, manager));
    if (project === undefined) throw new Error('never installed');
    const file = path.join(project.path, 'film.pdf');
    await writeFile(file, bytes);
    return { project, file };
  }

  test.each(['entries.mjs', 'entries.cjs'])('every entry is loaded by %s', async (program) => {
    const { project } = await projectWithFile();
    const { stdout, stderr } = await project.must('node', [program]);
    const { node, names } = JSON.parse(stdout) as { node: string; names: Record<string, string[]> };
    expect(`${node}.`.startsWith(`${line}.`), node).toBe(true);
    expect(stderr).toBe('');
    expect(names).toEqual(await namesInSources());
  });

  test.each(['uploads.mjs', 'uploads.cjs'])('a file goes from client to server in %s', async (program) => {
    const { project, file } = await projectWithFile();
    const root = path.join(project.path, `${program}-data`);
    const { stdout, stderr } = await project.must('node', [program, root, file]);
    const result = JSON.parse(stdout) as { path: string; data: unknown };
    expect(result.data).toEqual({ title: 'Ann', path: result.path });
    expect((await readFile(path.join(root, result.path))).equals(bytes)).toBe(true);
    expect(stderr).toBe('');
  });

  test('the command tells its version, hashes, serves and uploads', async () => {
    const { project, file } = await projectWithFile();
    const chunkwise = project.bin('chunkwise');
    expect(await project.must(chunkwise, ['--version'])).toMatchObject({
      stdout: `${version}\n`,
      stderr: '',
    });

    const sha256 = (data: Buffer) => createHash('sha256').update(data).digest();
    const hash = `${sha256(sha256(bytes)).toString('hex')}-1`;
    const asOne = ['--threshold', '32MiB', '--chunk-size', '32MiB'];
    const hashed = await project.must(chunkwise, ['hash', file, ...asOne]);
    expect(hashed.stdout.split(' ')[0]).toBe(hash);

    const root = path.join(project.path, 'served');
    await using serving = project.start(chunkwise, ['serve', '--root', root, '--port', '0', ...asOne]);
    const [, url = ''] = await serving.line(/^chunkwise listening on (\S+)$/);
    const { stdout } = await project.must(chunkwise, ['upload', file, '--to', url]);
    expect((await readFile(path.join(root, stdout.trim()))).equals(bytes)).toBe(true);
  });
});

/** What each entry's source exports at run time. */
async function namesInSources(): Promise<Record<string, string[]>> {
  const names: Record<string, string[]> = {};
  for (const entry of ENTRIES) {
    const { default: built } = exported[entry] as { default: string };
    const source = built.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts');
    names[entry] = Object.keys(await import(path.join(ROOT, source))).sort();
  }
  return names;
}
