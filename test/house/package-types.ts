import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * Packages and Node's modules that the declarations of an entry name, with all that they import; sorted.
 * @param entry path of the declarations, relative to `root`
 */
export function packagesNamedBy(root: string, entry: string): string[] {
  const own = new Set([path.join(root, entry)]);
  const foreign = new Set<string>();
  for (const file of own)
    for (const { fileName: name } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles)
      if (name.startsWith('.')) own.add(path.resolve(path.dirname(file), name.replace(/\.js$/, '.d.ts')));
      else foreign.add(/^(node:[^/]+|@[^/]+\/[^/]+|[^/]+)/.exec(name)?.[0] ?? name);
  return [...foreign].sort();
}

/**
 * The compiler writes a type down by a name that its file can import. Aliases that their own module keeps to itself it
 * writes out; interfaces, and aliases that other modules import, it names, or fails with TS2742 or TS4023.
 * @param entries paths of declarations, relative to `root`
 * @returns types that the exports of the entries name and that no entry exports, as `file name`, sorted
 */
export function unnamedTypes(root: string, entries: readonly string[]): string[] {
  const files = entries.map((entry) => path.join(root, entry));
  const { NodeNext: module } = ts.ModuleKind;
  const program = ts.createProgram(files, { module, types: ['node'], skipLibCheck: true });
  const checker = program.getTypeChecker();
  const origin = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exported = new Set<ts.Symbol>();
  for (const file of files) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module) for (const symbol of checker.getExportsOfModule(module)) exported.add(origin(symbol));
  }
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const name = namedBy(node);
    const symbol = name && checker.getSymbolAtLocation(name);
    const declaration = symbol && origin(symbol).declarations?.[0];
    if (declaration && !exported.has(origin(symbol)) && isOurs(declaration, root) && needsName(declaration))
      found.add(`${path.relative(root, declaration.getSourceFile().fileName)} ${origin(symbol).name}`);
    ts.forEachChild(node, visit);
  };
  for (const symbol of exported) symbol.declarations?.filter((one) => isOurs(one, root)).forEach(visit);
  return [...found].sort();
}

function namedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

function isOurs(declaration: ts.Declaration, root: string): boolean {
  const file = path.relative(root, declaration.getSourceFile().fileName);
  return !file.startsWith('..') && !file.includes('node_modules');
}

function needsName(declaration: ts.Declaration): boolean {
  if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) return true;
  const modifiers = ts.getCombinedModifierFlags(declaration);
  return ts.isTypeAliasDeclaration(declaration) && (modifiers & ts.ModifierFlags.Export) !== 0;
}
