import fs from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { blocksOf, page } from '../docs/support/markdown.js';
import { copyApp, problemsOf } from '../examples/support/built-app.js';
import { files } from './tree.js';

const COMPILE_MS = 120_000;

/** Those that import from the example; others are files of examples, or of apps that a page builds up. */
const blocks = files(['docs'], '.md')
  .flatMap((file) => blocksOf(page(file)))
  .filter(({ language, note, text }) => language === 'tsx' && note === null && text.includes("'./uploads'"));

/** Components of the page, each a module of the example with React. */
async function problemsWith(texts: readonly string[]): Promise<string[]> {
  await using app = await copyApp('react-vite');
  for (const [number, text] of texts.entries())
    await fs.writeFile(path.join(app.path, 'src', `block-${number}.tsx`), text);
  return problemsOf(app.path);
}

test(
  'components in documents compile',
  async () => {
    expect(blocks.length).toBeGreaterThan(4);
    expect(await problemsWith(blocks.map(({ text }) => text))).toEqual([]);
  },
  COMPILE_MS,
);

test(
  'they would not with a mistake',
  async () => {
    const [right] = blocks.map(({ text }) => text).filter((text) => text.includes('metadata: { album }'));
    const wrong = right?.replace('metadata: { album }', 'metadata: { albun: album }') ?? '';
    const [problem, ...others] = await problemsWith([wrong]);
    expect(problem).toContain("'albun' does not exist");
    expect(others).toEqual([]);
  },
  COMPILE_MS,
);
