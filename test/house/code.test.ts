import { describe, expect, test } from 'vitest';
import { type Finding, limitLiterals, moduleState, switchedOff, unfinished } from './code-rules.js';
import { files, PRODUCT, read, sources } from './tree.js';

/** Numbers that are no limits, by file, each with its reason. */
const NOT_LIMITS: Record<string, Record<string, string>> = {
  'client/errors.ts': { '32_600': 'a code of JSON-RPC', '32_700': 'another one' },
  'server/upkeep/boot-id.ts': { '60_000': 'a minute is 60,000 milliseconds' },
  'workers/durable.ts': { '1024': 'IOV_MAX is a fact of the system' },
};

/** State of a module that has to be there, by file, with its reason. */
const ALLOWED_STATE: Record<string, Record<string, string>> = {};

/** What a rule finds in `checked` and no list excuses, as `file:line text`; and excuses that nothing needs. */
function findings(
  rule: (code: string) => Finding[],
  checked: readonly string[],
  allowed: Record<string, Record<string, string>> = {},
): { found: string[]; stale: string[] } {
  const used = new Set<string>();
  const found: string[] = [];
  for (const file of checked)
    for (const { line, text } of rule(read(file)))
      if (allowed[file]?.[text] === undefined) found.push(`${file}:${line} ${text}`);
      else used.add(`${file} ${text}`);
  const all = Object.entries(allowed).flatMap(([file, texts]) =>
    Object.keys(texts).map((text) => `${file} ${text}`),
  );
  return { found, stale: all.filter((one) => !used.has(one)) };
}

const CLEAN = { found: [], stale: [] };
const texts = (found: Finding[]) => found.map(({ text }) => text);

describe('no state in modules', () => {
  test('of the product', () => {
    expect(findings(moduleState, sources(), ALLOWED_STATE)).toEqual(CLEAN);
  });

  test('the rule finds it', () => {
    const code = `
      let a = 1; export let b: string; var c = [1];
      const d = new Map(); export const e = new Set<string>(); const f: string[] = [], g = {};
      const fine = new Map([['a', 1]]), table = { a: 1 }, list = ['a'] as const;
      export function counter() { let count = 0; const seen = new Set(); return () => [count++, seen]; }
      for (let i = 0; i < 1; i++) {}`;
    expect(moduleState(code).map(({ text }) => text[0])).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });
});

describe('limits and defaults stand in contract/limits.ts only', () => {
  const others = sources(PRODUCT.filter((folder) => folder !== 'contract'));

  test('in the product', () => {
    expect(findings(limitLiterals, others, NOT_LIMITS)).toEqual(CLEAN);
  });

  test('the rule finds them', () => {
    const code = `
      import { KiB, MiB } from '../contract/index.js';
      const a = 16 * 1024, b = 256 * MiB, c = 5 * 60 * 1000, d = 60_000, e = 1e6, f = 2 ** 20, g = 4096n;
      call({ maxBytes: (8 + 8) * KiB }, KiB);
      const fine = [0o600, 0xffff, 404, 999, size / MiB, now / 1000, seconds * 1000, size * 8];`;
    expect(texts(limitLiterals(code))).toEqual([
      '16 * 1024',
      '256 * MiB',
      '5 * 60 * 1000',
      '60_000',
      '1e6',
      '2 ** 20',
      '4096n',
      '(8 + 8) * KiB',
      'KiB',
    ]);
  });

  test('the rule finds what the limits are made of', () => {
    expect(limitLiterals(read('contract/limits.ts')).length).toBeGreaterThan(20);
  });
});

describe('nothing is unfinished', () => {
  const folders = [...PRODUCT, 'test', 'bench', 'examples', 'docs', '.ci'];

  test('in code, tests and documents', () => {
    const text = files(folders, '.ts', '.tsx', '.cjs', '.md', '.yml', 'run');
    expect(findings(unfinished, text)).toEqual(CLEAN);
  });

  test('no test is switched off', () => {
    expect(
      findings(
        switchedOff,
        files(['test'], '.ts').filter((file) => !file.startsWith('test/house/code')),
      ),
    ).toEqual(CLEAN);
  });

  test('the rules find it', () => {
    const word = 'TO' + 'DO';
    expect(unfinished(`a\n// ${word}: later\n`)).toEqual([{ line: 2, text: `// ${word}: later` }]);
    expect(unfinished('const mastodon = "fix me later";')).toEqual([]);
    const off = ["test.skip('x')", "describe.only('x')", "it.each([1]).todo('x')", "test.skipIf(a)('x')"];
    for (const line of off) expect(switchedOff(line), line).toHaveLength(1);
    expect(
      switchedOff("test.skipIf(isRoot)('is refused (needs a user without root rights)')\ntest('x')"),
    ).toEqual([]);
  });
});
