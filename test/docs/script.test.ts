import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/server.js';
import { fileHash } from '../support/wire.js';
import { exampleFile, startDocumented } from './support/documented-server.js';
import { blocksOf, page, section } from './support/markdown.js';
import { lacking, runScript } from './support/run.js';

const [script] = blocksOf(section(page('docs/protocol.md'), 'A whole upload'));
const missing = lacking(['sh', 'curl', 'openssl', 'dd', 'sed', 'cut', 'wc', 'tr']);

test('the page has a script for a shell, which says what it needs', () => {
  expect(script).toMatchObject({ language: 'sh' });
  expect(script?.text).toMatch(/^# needs: curl, openssl, dd/);
});

describe.skipIf(missing.length > 0)('the script, which needs curl and openssl', () => {
  test('uploads a file', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'lines.txt');
    await fs.writeFile(file, exampleFile);
    const root = path.join(folder.path, 'root');
    await using server = await startDocumented(root);

    const { stdout, stderr, code } = await runScript(script?.text ?? '', { SERVER: server.url, FILE: file });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const answers = stdout.trim().split('\n');
    expect(answers).toHaveLength(3);
    const last = JSON.parse(answers.at(-1) ?? '').result.data;
    expect(last).toMatchObject({ status: 'completed', hash: fileHash(exampleFile, 262_144) });
    expect(Buffer.compare(await fs.readFile(path.join(root, last.path)), exampleFile)).toBe(0);
  });
});
