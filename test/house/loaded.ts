import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import ts from 'typescript';
import { madeUpProject } from './tree.js';

/**
 * What is loaded along with `entry` at run time: imports as the compiler leaves them, followed through packages, as a
 * bundler for browsers resolves them. Paths relative to `root`, from `node_modules` on for packages; Node's own
 * modules as `node:<name>`.
 */
export async function loadedWith(root: string, entry: string): Promise<string[]> {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const own = new Set([entry]);
  const foreign = new Set<string>();
  for (const file of own)
    for (const imported of importsOf(path.join(root, file), options))
      if (imported.startsWith('.')) own.add(sourceOf(root, file, imported));
      else foreign.add(imported);
  return [...own, ...(await packagesLoadedWith([...foreign]))].sort();
}

function importsOf(file: string, options: ts.CompilerOptions): string[] {
  // On its own a file does not know that the package is one of ES modules.
  const modules = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  const compilerOptions = { ...options, ...modules };
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions, fileName: file });
  return ts.preProcessFile(outputText).importedFiles.map(({ fileName }) => fileName);
}

function sourceOf(root: string, from: string, imported: string): string {
  const built = path.join(path.dirname(from), imported);
  const candidates = ['.ts', '.tsx'].map((end) => built.replace(/\.js$/, end));
  const source = candidates.find((file) => existsSync(path.join(root, file)));
  if (source === undefined) throw new Error(`${from} imports ${imported}, which is not there`);
  return source.split(path.sep).join('/');
}

async function packagesLoadedWith(specifiers: readonly string[]): Promise<string[]> {
  const imports = specifiers.map((specifier) => `import '${specifier}';`);
  using project = madeUpProject({ 'entry.mjs': imports.join('\n') });
  const { output } = await cruise(
    ['entry.mjs'],
    { baseDir: project.root },
    {
      exportsFields: ['exports'],
      conditionNames: ['browser', 'import', 'default'],
      mainFields: ['browser', 'module', 'main'],
    },
  );
  if (typeof output === 'string') throw new Error(output);
  return output.modules.filter(({ source }) => source !== 'entry.mjs').map(({ source }) => inShort(source));
}

function inShort(source: string): string {
  if (isBuiltin(source)) return `node:${source.replace(/^node:/, '')}`;
  return source.replace(/^.*?(?=node_modules\/)/, '');
}
