import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../../house/tree.js';

const FOLDER = path.join(ROOT, 'examples');

/**
 * What is wrong with TypeScript, in the compiler's words. Each piece is a module of its own among the examples; files
 * of `apps`, by path, find each other.
 */
export function compile(
  pieces: readonly string[],
  examples: readonly string[] = [],
  apps: Readonly<Record<string, string>> = {},
): string[] {
  const config = ts.readConfigFile(path.join(ROOT, 'tsconfig.test.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const made = new Map(pieces.map((text, number) => [path.join(FOLDER, `piece-${number}.ts`), text]));
  for (const [name, text] of Object.entries(apps)) made.set(path.join(FOLDER, name), text);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.directoryExists = (folder) =>
    ts.sys.directoryExists(folder) || [...made.keys()].some((file) => file.startsWith(`${folder}/`));
  host.fileExists = (file) => made.has(file) || fileExists(file);
  host.readFile = (file) => made.get(file) ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const text = made.get(file);
    const [languageOrOptions] = rest;
    return text === undefined
      ? getSourceFile(file, ...rest)
      : ts.createSourceFile(file, text, languageOrOptions, true);
  };
  const roots = [...made.keys(), ...examples.map((file) => path.join(ROOT, file))];
  const program = ts.createProgram(roots, options, host);
  return roots
    .flatMap((file) => {
      const source = program.getSourceFile(file);
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    })
    .map(({ file, messageText }) => {
      const where = file === undefined ? '' : path.relative(FOLDER, file.fileName);
      return `${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
}
