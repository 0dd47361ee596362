import { describe, expect, test } from 'vitest';
import { files } from '../house/tree.js';
import { compile } from './support/compile.js';
import { blocksOf, page } from './support/markdown.js';

const PAGES = ['README.md', ...files(['docs'], '.md')];
const COMPILE_MS = 60_000;

/** What a page's pieces take for granted: what its text has introduced. */
const GIVEN: Record<string, string> = {
  'docs/adapters.md': `
    import { initTRPC } from '@trpc/server';
    import { type ContextSource, createUploads, type UploadsContext } from 'chunkwise/server';
    const uploads = createUploads({ root: 'data', owner: 'shared' });
    const t = initTRPC.context<UploadsContext>().create();
    const router = t.router({ uploads: uploads.procedures(t.procedure) });
    export type { ContextSource };`,
  'docs/errors.md': `
    import type { Uploader } from 'chunkwise/client';
    declare const uploader: Uploader;
    declare const file: Blob;
    declare function showQuotaPage(): void;
    declare function showMessage(message: string): void;`,
};

const blocks = PAGES.flatMap((file) =>
  blocksOf(page(file))
    .filter(({ language }) => language === 'ts')
    .map((block) => ({ ...block, file })),
);
const whole = blocks.filter(({ note }) => note !== null);
const pieces = blocks.filter(({ note }) => note === null);

describe('TypeScript in documents', () => {
  test('is there', () => {
    expect(whole.map(({ note }) => note)).toEqual(['examples/readme/server.ts', 'examples/readme/client.ts']);
    expect(pieces.length).toBeGreaterThan(4);
  });

  test.each(whole)('the block at line $line of $file is $note', ({ text, note }) => {
    expect(text).toBe(page(note ?? ''));
  });

  test(
    'compiles',
    () => {
      const texts = pieces.map(({ file, text }) => `${GIVEN[file] ?? ''}\n${text}\nexport {};\n`);
      expect(compile(texts, files(['examples'], '.ts'))).toEqual([]);
    },
    COMPILE_MS,
  );

  test(
    'would not compile with a mistake',
    () => {
      const [problem, ...others] = compile([
        `import { createUploads } from 'chunkwise/server';\ncreateUploads({ root: 5, owner: 'shared' });\n`,
      ]);
      expect(problem).toContain("Type 'number' is not assignable to type 'string'");
      expect(others).toEqual([]);
    },
    COMPILE_MS,
  );
});
