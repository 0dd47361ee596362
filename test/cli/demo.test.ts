import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareFiles, writeRandomFile } from '../../cli/demo/files.js';
import { temporaryFolder } from '../support/server.js';
import { linesOf, ROOT, start, workspace } from './support.js';

const MiB = 2 ** 20;
const DEMO = path.join(ROOT, 'dist/cli/demo.js');

describe('npm run demo', () => {
  it('breaks an upload off half-way, resumes it, compares, and leaves nothing behind', async () => {
    await using work = await workspace();
    await using temporary = await temporaryFolder();
    const file = await work.file('film.mov', 40 * MiB);
    const ended = await start([file.path], { env: { TMPDIR: temporary.path } }, DEMO).ended;
    expect(ended.code).toBe(0);
    // 5 chunks of 8 MiB: two have come when the line stops at 20 MiB.
    expect(ended.stdout).toContain('The server holds 2 of 5 chunks (16 MiB).');
    expect(ended.stdout).toMatch(/^files\/[0-9A-Z]{26}\/film\.mov$/m);
    expect(ended.stdout).toContain(
      `The second run sent 32 MiB of 40 MiB (${32 * MiB} bytes): the 3 missing chunks`,
    );
    expect(linesOf(ended.stdout).at(-1)).toMatch(/^Every byte matches: .* \(41943040 bytes\)\.$/);
    expect(ended.stderr).toMatch(/film\.mov: resuming, 40% of 40 MiB are there/);
    expect(await fs.readdir(temporary.path)).toEqual([]);
    expect(await fs.readdir(work.path)).toEqual(['film.mov']);
  });

  it('says of a small file that there is nothing to resume', async () => {
    await using work = await workspace();
    const file = await work.file('note.txt', 12);
    const ended = await start([file.path], {}, DEMO).ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('The second run sent 0 bytes: the file was there already.');
  });

  it('fails with one line where the file is not there, or it is called wrongly', async () => {
    const [absent, wrong] = await Promise.all([
      start(['/nowhere/at-all'], {}, DEMO).ended,
      start(['a', 'b'], {}, DEMO).ended,
    ]);
    expect(absent).toMatchObject({ code: 1, stderr: 'chunkwise: There is no file /nowhere/at-all.\n' });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^chunkwise: The demo takes one file.*\n$/),
    });
  });

  it('cleans up when it is stopped', async () => {
    await using temporary = await temporaryFolder();
    const file = path.join(temporary.path, 'x.bin');
    await writeRandomFile(file, 17 * MiB);
    const scratch = path.join(temporary.path, 'scratch');
    await fs.mkdir(scratch);
    const demo = start([file], { env: { TMPDIR: scratch } }, DEMO);
    await demo.until('stdout', /listening/);
    demo.kill('SIGINT');
    expect(await demo.ended).toMatchObject({ code: 130 });
    expect(await fs.readdir(scratch)).toEqual([]);
  });
});

describe('comparing files', () => {
  it('finds any difference', async () => {
    await using folder = await temporaryFolder();
    const write = async (name: string, bytes: Uint8Array) => {
      const file = path.join(folder.path, name);
      await fs.writeFile(file, bytes);
      return file;
    };
    const bytes = Buffer.alloc(2 * MiB + 3, 7);
    const other = Buffer.from(bytes);
    other[2 * MiB + 2] = 8;
    const one = await write('one', bytes);
    expect(await compareFiles(one, await write('same', bytes))).toBe(bytes.length);
    expect(await compareFiles(one, await write('other', other))).toBeNull();
    expect(await compareFiles(one, await write('shorter', bytes.subarray(1)))).toBeNull();
    expect(await compareFiles(await write('none', Buffer.alloc(0)), one)).toBeNull();
    expect(await compareFiles(path.join(folder.path, 'none'), await write('nil', Buffer.alloc(0)))).toBe(0);
  });
});
