import { expect, it } from 'vitest';
import { compile } from '../docs/support/compile.js';

it('the compiler says what to do where `owner` does not name the type of its context', () => {
  const piece = (ctx: string) =>
    `import { createUploads } from 'chunkwise/server';
     export const uploads = createUploads({ root: 'data', owner: (${ctx}) => ctx.user });`;
  expect(compile([piece('ctx'), piece('ctx: { user: string }')])).toEqual([
    "piece-0.ts: Property 'user' does not exist on type 'AnnotateCtxInOwner'.",
  ]);
});
