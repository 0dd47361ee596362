import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { preview } from 'vite';
import { ROOT } from '../../house/tree.js';
import { temporaryFolder } from '../../support/server.js';

/** An app of the examples, in a folder of its own, where this package and those beside it are installed. */
export async function copyApp(name: string): Promise<AsyncDisposable & { path: string }> {
  const folder = await temporaryFolder();
  await fs.cp(path.join(ROOT, 'examples', name), folder.path, { recursive: true });
  const installed = path.join(ROOT, 'node_modules');
  const modules = path.join(folder.path, 'node_modules');
  await fs.mkdir(modules);
  for (const entry of await fs.readdir(installed))
    await fs.symlink(path.join(installed, entry), path.join(modules, entry));
  await fs.symlink(ROOT, path.join(modules, 'chunkwise'));
  return folder;
}

/** What the compiler says of the app, by the app's own settings. */
export function problemsOf(root: string): string[] {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(fileNames, options);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}

/** What `vite build` complains of. Not within a test, whose environment says that it is one. */
export async function buildApp(root: string): Promise<string> {
  const { NODE_ENV: _, VITEST: __, ...env } = process.env;
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const { stderr } = await promisify(execFile)(process.execPath, [vite, 'build'], { cwd: root, env });
  return stderr;
}

/** Shows the built page with its server behind it, as `vite preview` does. */
export async function showApp(root: string, server: string): Promise<AsyncDisposable & { url: string }> {
  const proxy = { '/trpc': server };
  const shown = await preview({ root, logLevel: 'warn', preview: { port: 0, host: '127.0.0.1', proxy } });
  const url = shown.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('the page has no address');
  return { url, [Symbol.asyncDispose]: () => shown.close() };
}
