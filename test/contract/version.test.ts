import { expect, test } from 'vitest';
import { VERSION } from '../../contract/version.js';
import { read } from '../house/tree.js';

test('the version in the code is that of the package', () => {
  expect(VERSION).toBe((JSON.parse(read('package.json')) as { version: string }).version);
});
