import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { ROOT } from './tree.js';

const COMPILE_MS = 180_000;
const DECLARATIONS = 'dist/client/uppy';

function compile(file: string, more: ts.CompilerOptions): string[] {
  const config = ts.readConfigFile(path.join(ROOT, 'tsconfig.test.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const program = ts.createProgram([path.join(ROOT, file)], { ...options, ...more });
  return ts
    .getPreEmitDiagnostics(program)
    .map((one) => [path.relative(ROOT, one.file?.fileName ?? ''), one.messageText] as const)
    .map(([name, text]) => `${name}: ${ts.flattenDiagnosticMessageText(text, ' ')}`)
    .filter((problem) => !problem.startsWith('node_modules/'));
}

describe("types of Uppy's plugin", () => {
  test.each([
    ['6', {}],
    ['5', { paths: { '@uppy/core': [path.join(ROOT, 'node_modules/uppy-core-5/lib/index.d.ts')] } }],
  ])(
    'hold with those of Uppy %s',
    (_, more) => {
      expect(compile('test/types/uppy.ts', more)).toEqual([]);
    },
    COMPILE_MS,
  );

  test(
    'the declarations compile by themselves, checked, for a page without the types of Node',
    () => {
      const page = { skipLibCheck: false, types: [], exactOptionalPropertyTypes: true };
      const problems = compile(`${DECLARATIONS}/index.d.ts`, page);
      expect(problems.filter((problem) => problem.startsWith(DECLARATIONS))).toEqual([]);
    },
    COMPILE_MS,
  );

  test('the declarations bring no types of the DOM along', () => {
    for (const file of ts.sys.readDirectory(path.join(ROOT, DECLARATIONS), ['.d.ts'])) {
      const { libReferenceDirectives, typeReferenceDirectives } = ts.preProcessFile(
        ts.sys.readFile(file) ?? '',
      );
      expect([file, ...libReferenceDirectives, ...typeReferenceDirectives]).toEqual([file]);
    }
  });
});
