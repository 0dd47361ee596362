import ts from 'typescript';

export interface Finding {
  readonly line: number;
  readonly text: string;
}

const parse = (code: string) => ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true);

function finding(node: ts.Node): Finding {
  const line = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1;
  return { line, text: node.getText().replace(/\s+/g, ' ').slice(0, 60) };
}

/** Variables of a module that can change, or that hold something empty which can only be there to be filled. */
export function moduleState(code: string): Finding[] {
  const found: Finding[] = [];
  for (const statement of parse(code).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const { flags, declarations } = statement.declarationList;
    const constant = (flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.Const;
    for (const declaration of declarations)
      if (!constant || isEmptyContainer(declaration.initializer)) found.push(finding(declaration));
  }
  return found;
}

function isEmptyContainer(node: ts.Expression | undefined): boolean {
  if (node === undefined) return false;
  if (ts.isArrayLiteralExpression(node)) return node.elements.length === 0;
  if (ts.isObjectLiteralExpression(node)) return node.properties.length === 0;
  return (
    ts.isNewExpression(node) &&
    /^(Weak)?(Map|Set|Ref)$|^Array$/.test(node.expression.getText()) &&
    (node.arguments ?? []).length === 0
  );
}

/** From here on a number is taken for a limit. Smaller ones are indexes, HTTP statuses and the like. */
const LIMIT_FROM = 1000;
const UNITS = new Map([
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
]);

/**
 * Numbers that look like a limit or a default: 1000 or more, written out, as a product, or in KiB, MiB … Not codes in
 * other bases than ten, and not 1000 where it turns milliseconds into seconds or back.
 */
export function limitLiterals(code: string): Finding[] {
  const found: Finding[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isExpression(node)) {
      const value = constantValue(node);
      if (value !== null) {
        if (value >= LIMIT_FROM && !isConversion(node)) found.push(finding(node));
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(code));
  return found;
}

/** The value of a number, a unit of size, or a calculation with nothing else; null for any other expression. */
function constantValue(node: ts.Node): number | null {
  if (ts.isParenthesizedExpression(node)) return constantValue(node.expression);
  if (ts.isNumericLiteral(node)) return /^0[xob]/i.test(node.getText()) ? 0 : Number(node.text);
  if (ts.isBigIntLiteral(node)) return Number(node.text.replace(/n$/, ''));
  if (ts.isIdentifier(node)) return inUse(node) ? (UNITS.get(node.text) ?? null) : null;
  if (!ts.isBinaryExpression(node)) return null;
  const [left, right] = [constantValue(node.left), constantValue(node.right)];
  if (left === null || right === null) return null;
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.AsteriskToken:
      return left * right;
    case ts.SyntaxKind.AsteriskAsteriskToken:
      return left ** right;
    case ts.SyntaxKind.PlusToken:
      return left + right;
    case ts.SyntaxKind.MinusToken:
      return left - right;
    default:
      return null;
  }
}

/** Not where a unit is only named, as in an import. */
function inUse(node: ts.Identifier): boolean {
  return !ts.isImportSpecifier(node.parent) && !ts.isExportSpecifier(node.parent) && !isDivisor(node);
}

function isDivisor(node: ts.Node): boolean {
  const { parent } = node;
  return (
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === ts.SyntaxKind.SlashToken &&
    parent.right === node
  );
}

function isConversion(node: ts.Expression): boolean {
  const { parent } = node;
  if (node.getText() !== '1000' && node.getText() !== '1_000') return false;
  return (
    isDivisor(node) ||
    (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.AsteriskToken)
  );
}

const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);

/** Lines that promise work instead of being done. */
export function unfinished(text: string): Finding[] {
  return linesThat(text, (line) => UNFINISHED.test(line));
}

/** Tests that do not run; one that lacks something on this machine says in its name what it needs. */
export function switchedOff(text: string): Finding[] {
  return linesThat(text, (line) => {
    if (/\b(test|it|describe)\b.*\.(only|skip|todo|fails)\b\s*\(/.test(line)) return true;
    return /\.(skipIf|runIf)\(/.test(line) && !/['"`].*\bneeds\b/.test(line);
  });
}

function linesThat(text: string, match: (line: string) => boolean): Finding[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: index + 1, text: line.trim() }))
    .filter(({ text: line }) => match(line));
}
