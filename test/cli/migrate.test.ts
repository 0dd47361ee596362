import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { linesOf, ROOT, run, serve, workspace } from './support.js';

test('serve --migrate manual refuses a root that needs migrations, in one line whose command does it', async () => {
  await using work = await workspace();
  // With spaces: the command must be one for a shell.
  const root = path.join(work.path, 'my files');
  const args = ['serve', '--root', root, '--port', '0', '--migrate', 'manual'];
  const refused = await run(args);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(linesOf(refused.stderr)).toHaveLength(1);
  await expect(fs.stat(path.join(root, 'chunkwise.db'))).rejects.toThrow('ENOENT');

  const [, command = ''] = /run `chunkwise (.*?)` or/.exec(refused.stderr) ?? [];
  expect(command).toContain("'");
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    `"${process.execPath}" "${path.join(ROOT, 'dist/cli/main.js')}" ${command}`,
  ]);
  expect(stdout).toMatch(/chunkwise\.db: applied \d{4}_\w+/);
  expect(await run(['migrate', '--root', root])).toMatchObject({
    code: 0,
    stdout: `${path.join(root, 'chunkwise.db')}: is up to date\n`,
    stderr: '',
  });

  await using server = await serve(root, ['--migrate', 'manual']);
  const held = await run(['migrate', '--root', root]);
  expect(held).toMatchObject({ code: 1, stdout: '' });
  expect(held.stderr).toMatch(/^chunkwise: another Chunkwise server is using .*: stop it[^\n]*\n$/);
  expect(server.text.stderr).toBe('');
});

test('migrate asks for a root, and serve for one of two words', async () => {
  const [migrate, other] = await Promise.all([run(['migrate']), run(['serve', '--migrate', 'never'])]);
  expect([migrate.code, other.code]).toEqual([2, 2]);
  expect(migrate.stderr).toMatch(/--root/);
  expect(other.stderr).toMatch(/--migrate.*auto.*manual/);
});
