import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { ROOT } from '../house/tree.js';
import { temporaryFolder } from '../support/server.js';
import { blocksOf, codesIn, page, section, tableUnder } from './support/markdown.js';
import { runExample, startExample } from './support/run.js';

const PAGE = page('README.md');

test('the README has the two commands, each as one that can be copied', () => {
  const commands = blocksOf(PAGE)
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text);
  expect(commands).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
});

test('the first screen says what it is, and no claim of it stands without its text below', () => {
  const start = PAGE.split('\n## ')[0] ?? '';
  for (const word of ['tRPC', 'SHA-256', 'kill -9', 'Self-hosted, MIT', 'Typed end to end'])
    expect(start).toContain(word);
  expect(start.split('\n').length).toBeLessThan(45);
});

test('the file hash is told from what sha256sum prints', () => {
  expect(section(PAGE, 'The file hash')).toContain('It is not what `sha256sum` prints');
});

describe('the example', () => {
  test('is a server and a client that work together, and the second run sends nothing', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'holiday.mov');
    const bytes = randomBytes(20 * MiB);
    await fs.writeFile(file, bytes);
    const root = path.join(folder.path, 'data');
    await using server = await startExample('examples/readme/server.ts', { PORT: '0', ROOT: root });

    const first = await runExample('examples/readme/client.ts', [file, server.firstLine]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('resumed: false');
    expect(first.stdout).toContain("url: '/albums/summer'");
    const [, stored = ''] = /stored at (\S+)/.exec(first.stdout) ?? [];
    expect(Buffer.compare(await fs.readFile(path.join(root, stored)), bytes)).toBe(0);

    const second = await runExample('examples/readme/client.ts', [file, server.firstLine]);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain('resumed: true');
    expect(second.stdout).toContain(`stored at ${stored} `);
    expect(second.stdout).not.toContain('uploading');
  }, 60_000);
});

describe('the table of commands', async () => {
  const rows = tableUnder(PAGE, 'On the command line');
  const commands = await commandsOfTheProgram();

  test('lists the commands that there are, with their arguments', () => {
    const documented = rows.map(([command = '']) => codesIn(command)[0]);
    const real = commands.map((command) => `${command.name()} ${argumentsOf(command)}`.trim());
    expect(documented).toEqual(real);
  });

  test.each(commands.map((command) => [command.name(), command] as const))(
    'lists the flags of %s',
    (name, command) => {
      const [, , flags = ''] = rows.find(([first = '']) => codesIn(first)[0]?.split(' ')[0] === name) ?? [];
      expect(codesIn(flags).sort()).toEqual(command.options.map(({ long }) => long).sort());
    },
  );
});

/** From the build, since the program reads its version from the package beside it. */
async function commandsOfTheProgram(): Promise<readonly Command[]> {
  const built = pathToFileURL(path.join(ROOT, 'dist/cli/program.js')).href;
  const { createProgram } = (await import(built)) as typeof import('../../cli/program.js');
  const { stdout, stderr, env } = process;
  const output = { result() {}, note() {}, failure() {} };
  return (await createProgram({ output, stdout, stderr, env }, () => {})).commands;
}

function argumentsOf({ registeredArguments }: Command): string {
  return registeredArguments
    .map((argument) => (argument.variadic ? `<${argument.name()}...>` : `<${argument.name()}>`))
    .join(' ');
}
