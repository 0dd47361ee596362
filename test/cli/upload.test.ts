import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileHash } from '../support/wire.js';
import { CHUNK, linesOf, REPORT_KEYS, ROOT, reportsOf, run, serve, workspace } from './support.js';

type Workspace = Awaited<ReturnType<typeof workspace>>;
type Server = Awaited<ReturnType<typeof serve>>;

/** Root may read everything, so what may not be read is tried by somebody else. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const asOther = isRoot ? { uid: NOBODY } : {};

/** All folders on the way to the checkout, and to Node.js, may be entered by everybody. */
function othersMayEnter(folder: string): boolean {
  const parent = path.dirname(folder);
  return (statSync(folder).mode & 0o5) === 0o5 && (parent === folder || othersMayEnter(parent));
}
const canBeOther = !isRoot || [ROOT, path.dirname(process.execPath)].every(othersMayEnter);

describe('chunkwise upload', () => {
  let work: Workspace;
  let server: Server;
  let to: string[];

  beforeAll(async () => {
    work = await workspace();
    await fs.chmod(work.path, 0o755);
    server = await serve(work.root);
    to = ['--to', server.url];
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  it('prints the final path on stdout and progress, line by line, on stderr', async () => {
    // Above the threshold from which steps are told.
    const file = await work.file('big.bin', 17 * 1024 * 1024 + 5);
    const ended = await run(['upload', file.path, ...to]);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/^files\/[0-9A-Z]{26}\/big\.bin\n$/);
    expect(file.bytes.equals(await work.stored(ended.stdout.trim()))).toBe(true);

    const lines = linesOf(ended.stderr).map((line) => line.slice(`${file.path}: `.length));
    expect(lines[0]).toBe('hashing 17 MiB');
    expect(lines[1]).toBe('uploading 17 MiB');
    expect(lines.at(-1)).toMatch(/^completed, 17 MiB in [\d.]+ s$/);
    const percents = lines.flatMap((line) => /^(\d+)% of 17 MiB/.exec(line)?.[1] ?? []).map(Number);
    expect(percents.length).toBeGreaterThan(0);
    expect(percents).toEqual([...new Set(percents)].toSorted((a, b) => a - b));
  });

  it('prints one line of JSON per file, with its keys in their order; a second time nothing is sent', async () => {
    const file = await work.file('json.bin', 5 * CHUNK + 1);
    const [first] = reportsOf(await run(['upload', file.path, ...to, '--json']));
    expect(Object.keys(first ?? {})).toEqual(REPORT_KEYS);
    expect(first).toMatchObject({
      file: file.path,
      path: `files/${first?.uploadId}/json.bin`,
      hash: fileHash(file.bytes, CHUNK),
      size: file.bytes.length,
      status: 'completed',
      resumed: false,
      sentBytes: file.bytes.length,
      retries: 0,
    });
    const again = await run(['upload', file.path, ...to, '--json']);
    expect(again.code).toBe(0);
    expect(reportsOf(again)).toMatchObject([
      { ...first, resumed: true, sentBytes: 0, durationMs: expect.any(Number) },
    ]);

    const asked = await run(['hash', file.path, ...to]);
    expect(asked.stdout).toBe(`${first?.hash}  256KiB  ${file.path}\n`);
    const told = await run(['hash', file.path, '--chunk-size', '256KiB', '--threshold', '256KiB']);
    expect(told.stdout).toBe(asked.stdout);
    const other = await run(['hash', file.path]);
    expect(other.stdout).toBe(
      `${fileHash(file.bytes, file.bytes.length)}  ${file.bytes.length}  ${file.path}\n`,
    );
    expect(other.stdout).not.toContain(createHash('sha256').update(file.bytes).digest('hex'));
  });

  it('takes folders with all below them, and several paths; a path that is given twice counts once', async () => {
    const sizes = { 'photos/a.jpg': 10, 'photos/b/c.jpg': 3 * CHUNK, 'photos/b/empty': 0, 'single.txt': 7 };
    const files = await Promise.all(Object.entries(sizes).map(([name, size]) => work.file(name, size)));
    await fs.symlink('a.jpg', path.join(work.path, 'photos/link'));
    const ended = await run(['upload', 'photos', 'single.txt', './photos', ...to, '--json'], {
      cwd: work.path,
    });
    expect(ended.code).toBe(0);
    const reports = reportsOf(ended);
    expect(reports.map(({ file }) => file).toSorted()).toEqual(Object.keys(sizes).toSorted());
    for (const [position, name] of Object.keys(sizes).entries()) {
      const stored = await work.stored(reports.find(({ file }) => file === name)?.path ?? '');
      expect(files[position]?.bytes.equals(stored)).toBe(true);
    }
    const listed = await run(['list', ...to, '--limit', '4']);
    expect(listed.stdout).toContain('photos/b/c.jpg');
  });

  it.skipIf(!canBeOther)('sends what it can read (root needs a checkout open to all)', async () => {
    await work.file('mixed/good.bin', 10);
    await work.file('mixed/locked.bin', 10);
    await work.file('mixed/secret/hidden.bin', 10);
    await fs.mkdir(path.join(work.path, 'hollow'));
    await fs.chmod(path.join(work.path, 'mixed/locked.bin'), 0);
    await fs.chmod(path.join(work.path, 'mixed/secret'), 0);
    const ended = await run(['upload', 'mixed', 'hollow', 'absent', ...to, '--json'], {
      cwd: work.path,
      ...asOther,
    });
    await fs.chmod(path.join(work.path, 'mixed/secret'), 0o755);
    expect(ended.code).toBe(1);
    const reports = reportsOf(ended);
    expect(reports.filter(({ status }) => status === 'completed').map(({ file }) => file)).toEqual([
      'mixed/good.bin',
    ]);
    const failed = reports.filter(({ status }) => status === 'failed');
    for (const report of failed) expect(Object.keys(report)).toEqual([...REPORT_KEYS, 'error']);
    expect(failed.map(({ file }) => file).toSorted()).toEqual([
      'absent',
      'hollow',
      'mixed/locked.bin',
      'mixed/secret',
    ]);
    expect(failed.map(({ error }) => error?.code)).toEqual(Array(4).fill('INPUT_INVALID'));
    const failures = linesOf(ended.stderr).filter((line) => line.startsWith('chunkwise: '));
    expect(failures.toSorted()).toEqual([
      expect.stringMatching(/mixed\/secret may not be read by this user/),
      expect.stringMatching(/The file cannot be read: .*permission denied.*mixed\/locked\.bin/),
      expect.stringMatching(/The folder hollow is empty/),
      expect.stringMatching(/There is no file absent/),
    ]);
  });

  it('says that a folder has nothing to upload', async () => {
    await fs.mkdir(path.join(work.path, 'empty/deeper'), { recursive: true });
    const ended = await run(['upload', 'empty', ...to], { cwd: work.path });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toBe(
      'chunkwise: The folder empty holds no files: links and special files are left out.\n',
    );
  });

  it('shows names that would steer the terminal as text', async () => {
    const name = 'red\u001b[31m\u202egpj.exe\nline';
    await work.file(name, 10);
    const ended = await run(['upload', name, ...to], { cwd: work.path });
    expect(ended.code).toBe(0);
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/\u001b|\u202e/);
    expect(ended.stderr).toContain('red\\u{1b}[31m\\u{202e}gpj.exe\\u{a}line: completed');
  });

  it('says of a wrong endpoint, router or policy what to check', async () => {
    const file = path.join(ROOT, 'package.json');
    const endings = await Promise.all([
      run(['upload', file, '--to', `${server.url}/elsewhere`]),
      run(['upload', file, ...to, '--router', 'other']),
      run(['upload', file, ...to, '--policy', 'other']),
    ]);
    expect(endings.map(({ code }) => code)).toEqual([1, 1, 1]);
    expect(endings.map(({ stderr }) => linesOf(stderr).length)).toEqual([1, 1, 1]);
    expect(endings[0]?.stderr).toMatch(
      /HTTP 404 from http:.*\/elsewhere\/uploads\.policy: .*no tRPC endpoint/,
    );
    expect(endings[1]?.stderr).toMatch(/router/);
    expect(endings[2]?.stderr).toMatch(/no such policy.*default/);
  });
});
