import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { files, ROOT, read } from '../house/tree.js';

const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...files(['docs'], '.md')];

/** The names that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  const text = page.replace(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links to headings, of this page or another, that are not there. */
function lostAnchors(file: string, page: string): string[] {
  const links = [...page.matchAll(/\]\(([^)\s]*)#([^)\s]+)\)/g)];
  return links
    .filter(([, target = '']) => !/^https?:/.test(target))
    .filter(([, target = '', anchor = '']) => {
      const other = target === '' ? file : path.join(path.dirname(file), target);
      return (
        !existsSync(path.join(ROOT, other)) ||
        !anchorsOf(other === file ? page : read(other)).includes(anchor)
      );
    })
    .map(([, target = '', anchor = '']) => `${target}#${anchor}`);
}

/** Paths of the repository that a page names as code, or in a drawing, and that are not there. */
function lostPaths(page: string): string[] {
  const named =
    page.match(/(?<![\w@/.-])(?:contract|workers|server|client|cli|test|docs|examples)\/[\w./-]*\w/g) ?? [];
  return [...new Set(named)].filter(
    (name) => !existsSync(path.join(ROOT, name)) && !existsSync(path.join(ROOT, `${name}.ts`)),
  );
}

describe.each(PAGES)('%s', (file) => {
  test('links to headings that are there', () => {
    expect(lostAnchors(file, read(file))).toEqual([]);
  });

  test('names files and folders that are there', () => {
    expect(lostPaths(read(file))).toEqual([]);
  });
});

test('the checks find what is not there', () => {
  const text =
    '# A b: `c`\n[x](#a-b-c) [y](#a-b) [z](docs/errors.md#reading-an-error) [w](docs/errors.md#writing)\n';
  expect(lostAnchors('README.md', text)).toEqual(['#a-b', 'docs/errors.md#writing']);
  const paths =
    '`server/core.ts` server/core.ts, test/house, server/uploads, server/gone.ts chunkwise/server';
  expect(lostPaths(paths)).toEqual(['server/gone.ts']);
});
