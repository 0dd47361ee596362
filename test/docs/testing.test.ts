import { expect, test } from 'vitest';
import { createTestUploads } from '../../testing/index.js';
import { codesIn, page, tableUnder } from './support/markdown.js';
import { runExample } from './support/run.js';

const PAGE = page('docs/testing.md');

test('the tests of the example pass', async () => {
  const { code, stdout } = await runExample('examples/testing/app.test.ts', []);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/pass 3\b[\s\S]*fail 0\b/) });
});

test('the page lists the members that there are', async () => {
  await using uploads = await createTestUploads();
  const listed = tableUnder(PAGE, 'A test of an app')
    .flatMap(([names = '']) => codesIn(names))
    .map((name) => name.replace(/\(.*/, ''));
  expect([...new Set(listed)].sort()).toEqual(Object.keys(uploads).sort());
});

test('the page lists the options that are refused', async () => {
  const [, sentence = ''] = /(`root`[^.;]*) are refused/.exec(PAGE) ?? [];
  expect(codesIn(sentence)).toContain('workerThreads');
  for (const option of codesIn(sentence))
    await expect(createTestUploads({ [option]: undefined } as object), option).rejects.toThrow(`"${option}"`);
});
