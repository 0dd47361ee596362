import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { files, PRODUCT, ROOT, read, sources } from './tree.js';

const { scripts, version } = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  version: string;
};
/** Commands that npm has without a script. */
const NPM_OWN = ['ci', 'install', 'rebuild', 'pack', 'publish'];

const documents = [
  ...files(['docs'], '.md'),
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter((file) => existsSync(path.join(ROOT, file))),
];

/** Links to files that are not there, from one document. */
function brokenLinks(file: string, text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^(https?:|mailto:|#)/.test(target))
    .map((target) => target.replace(/#.*$/, ''))
    .filter((target) => !existsSync(path.join(ROOT, path.dirname(file), target)));
}

/** npm commands in the code of a text that package.json does not have. */
function unknownCommands(text: string): string[] {
  const code = text.match(/```[\s\S]*?```|`[^`]+`/g) ?? [];
  const named = [...code.join('\n').matchAll(/\bnpm (run(?: -s)? )?([a-z][\w:-]*)/g)];
  return named
    .filter(([, run, name = '']) => !(Object.hasOwn(scripts, name) || (!run && NPM_OWN.includes(name))))
    .map(([whole]) => whole);
}

describe.each(documents)('%s', (file) => {
  test('links to what is there', () => {
    expect(brokenLinks(file, read(file))).toEqual([]);
  });

  test('names commands that package.json has', () => {
    expect(unknownCommands(read(file))).toEqual([]);
  });
});

test('the code names documents that are there', () => {
  for (const file of sources(PRODUCT))
    for (const [document] of read(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g))
      expect(existsSync(path.join(ROOT, document)), `${file} names ${document}`).toBe(true);
});

test('the changelog has what comes next, and knows the version', () => {
  const headings = [...read('CHANGELOG.md').matchAll(/^## \[([^\]]+)\]/gm)].map(([, name]) => name);
  expect(headings[0]).toBe('Unreleased');
  expect(headings.length === 1 ? version : headings[1]).toBe(version);
  expect(read('CHANGELOG.md')).toMatch(/^## \[Unreleased\]\n+### Added\n\n- /m);
});

test('every decision has the parts of the template', () => {
  const parts = (text: string) => [...text.matchAll(/^## (.*)$/gm)].map(([, part]) => part);
  const template = parts(read('docs/decisions/0000-template.md'));
  expect(template.length).toBeGreaterThan(2);
  for (const file of files(['docs/decisions'], '.md')) expect(parts(read(file)), file).toEqual(template);
});

describe('the checks', () => {
  test('find a broken link', () => {
    const text =
      '[a](adapters.md#x) [b](../README-not.md) [c](https://example.com/x) [d](#here) [e](gone.md)';
    expect(brokenLinks('docs/errors.md', text)).toEqual(['../README-not.md', 'gone.md']);
  });

  test('find an unknown command', () => {
    const right =
      '`npm ci && npm test`, `npm run check`, `npm run -s chunkwise -- x`; npm picks and npm are words';
    const wrong = '`npm run chek`\n```sh\nnpm start\nnpm tset # x\n```\n';
    expect(unknownCommands(right + wrong)).toEqual(['npm run chek', 'npm tset']);
  });
});
