import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { ROOT } from './tree.js';

const run = promisify(execFile);

export interface Packed {
  readonly tarball: string;
  /** Paths within the package. */
  readonly files: readonly string[];
  /** Bytes of the tarball, and of all files in it. */
  readonly size: number;
  readonly unpackedSize: number;
}

/** Packs that package into a folder, as it would be published, from the build that is there. */
export async function pack(root: string, into: string): Promise<Packed> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into];
  const { stdout } = await run('npm', args, { cwd: root, maxBuffer: 2 ** 26 });
  const [made] = JSON.parse(stdout) as {
    filename: string;
    files: { path: string }[];
    size: number;
    unpackedSize: number;
  }[];
  if (made === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
  const { filename, files, size, unpackedSize } = made;
  return { tarball: path.join(into, filename), files: files.map((file) => file.path), size, unpackedSize };
}

/** What a linter of packages says of a tarball, and whether it lets it pass. */
export async function lint(
  command: string,
  args: readonly string[],
): Promise<{ passes: boolean; says: string }> {
  const program = path.join(ROOT, 'node_modules/.bin', command);
  return await run(program, args, { cwd: ROOT, maxBuffer: 2 ** 26 }).then(
    ({ stdout }) => ({ passes: true, says: stdout }),
    (error: { stdout?: string; stderr?: string; message: string }) => ({
      passes: false,
      says: error.stdout || error.stderr || error.message,
    }),
  );
}

/** Statements of a module that do something when it is loaded, beyond declaring. Imports alone are none. */
export function effects(code: string): string[] {
  const source = ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter((statement) => !ts.isDeclarationStatement(statement) && !ts.isVariableStatement(statement))
    .filter((statement) => !ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement))
    .filter((statement) => !ts.isExportAssignment(statement) && !isDirective(statement))
    .map(inShort);
}

/** Such as 'use client'. */
const isDirective = (statement: ts.Statement) =>
  ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);

/** `await` outside of functions: a module with it, or that imports it, cannot be loaded by `require`. */
export function topLevelAwaits(code: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    const waits =
      ts.isAwaitExpression(node) ||
      (ts.isForOfStatement(node) && node.awaitModifier !== undefined) ||
      (ts.isVariableDeclarationList(node) &&
        (node.flags & ts.NodeFlags.AwaitUsing) === ts.NodeFlags.AwaitUsing);
    if (waits) found.push(inShort(node));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true));
  return found;
}

const inShort = (node: ts.Node) => node.getText().replace(/\s+/g, ' ').slice(0, 60);
