import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRelay } from '../../cli/demo/relay.js';
import type { UploadView } from '../../contract/index.js';
import { CHUNK, linesOf, type Report, reportsOf, run, serve, start, workspace } from './support.js';

type Workspace = Awaited<ReturnType<typeof workspace>>;

const CHUNKS = 8;

/** A root with one completed upload and one that was broken off after at least two of its chunks. */
async function usedRoot(work: Workspace, store: string) {
  const whole = await work.file('whole.bin', CHUNKS * CHUNK);
  const part = await work.file('part.bin', CHUNKS * CHUNK);
  await using server = await serve(work.root, ['--store', store]);
  const [completed] = reportsOf(await run(['upload', whole.path, '--to', server.url, '--json']));
  await using relay = await startRelay(server.port, 3.5 * CHUNK);
  await using client = start([
    'upload',
    part.path,
    '--to',
    `http://127.0.0.1:${relay.port}`,
    '--concurrency',
    '1',
  ]);
  await relay.held;
  client.kill('SIGKILL');
  await client.ended;
  const { stdout } = await run(['list', '--to', server.url, '--status', 'assembling,receiving', '--json']);
  await relay[Symbol.asyncDispose]();
  server.kill('SIGTERM');
  await server.ended;
  return { completed: completed as Report, broken: JSON.parse(stdout) as UploadView, part };
}

/** Changes one bit in the middle of the chunk. */
async function flip(file: string, offset: number): Promise<void> {
  const handle = await fs.open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, offset);
  await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, offset);
  await handle.close();
}

describe('list and abort', () => {
  it('show an unfinished upload, end it once, and leave completed ones alone', async () => {
    await using work = await workspace();
    const { completed, broken } = await usedRoot(work, 'in-place');
    await using server = await serve(work.root);
    const to = ['--to', server.url];
    const listed = linesOf((await run(['list', ...to])).stdout);
    expect(listed).toEqual([
      `${broken.uploadId}  receiving    37%     2 MiB  part.bin`,
      `${completed.uploadId}  completed   100%     2 MiB  whole.bin`,
    ]);
    const one = await run(['list', ...to, '--limit', '1']);
    expect([linesOf(one.stdout).length, one.stderr]).toEqual([1, 'There are more: give a larger --limit.\n']);

    expect(await run(['abort', broken.uploadId, ...to])).toMatchObject({
      code: 0,
      stdout: `${broken.uploadId} aborted\n`,
    });
    expect((await run(['abort', broken.uploadId, ...to])).code).toBe(0);
    const refused = await run(['abort', completed.uploadId, ...to]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: 'chunkwise: The upload is completed and stays as it is.\n',
    });
    const unknown = await run(['abort', '01ARZ3NDEKTSV4RRFFQ69G5FAV', ...to]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^chunkwise: There is no upload 01ARZ3NDEKTSV4RRFFQ69G5FAV here/);
  });
});

describe.each(['in-place', 'multi-file'])('verify, %s', (store) => {
  it('finds what is damaged or gone, and repairs the records so that clients send it again', async () => {
    await using work = await workspace();
    const { completed, broken, part } = await usedRoot(work, store);
    const check = (...more: string[]) => run(['verify', '--root', work.root, ...more]);
    expect(broken.receivedChunks).toBe(3);
    expect(await check()).toEqual({
      code: 0,
      signal: null,
      stdout: 'checked 1 completed files and 1 unfinished uploads (2.75 MiB): 0 damaged, 0 gone\n',
      stderr: '',
    });

    const entry = path.join(work.root, 'staging', broken.uploadId);
    const [chunkFile] =
      store === 'multi-file' ? (await fs.readdir(entry)).filter((name) => name.startsWith('1.')) : [];
    await flip(chunkFile ? path.join(entry, chunkFile) : entry, chunkFile ? 5 : CHUNK + 5);
    const stored = path.join(work.root, completed.path);
    const original = await fs.readFile(stored);
    await flip(stored, 2 * CHUNK + 9);
    await flip(stored, 3 * CHUNK);
    const unfinished = `damaged  ${broken.uploadId}  chunks 1 of ${CHUNKS}`;
    const damaged = await check();
    expect(damaged.code).toBe(1);
    expect(linesOf(damaged.stdout)).toEqual([
      `damaged  ${completed.uploadId}  chunks 2-3 of ${CHUNKS}  (${completed.path})`,
      `${unfinished}  (receiving, part.bin)`,
      'checked 1 completed files and 1 unfinished uploads (2.75 MiB): 2 damaged, 0 gone',
    ]);
    expect(damaged.stderr).toMatch(/^chunkwise: Completed files are damaged: restore them.*--repair.*\n$/);

    await fs.writeFile(stored, original);
    const repaired = await check('--repair');
    expect(repaired).toMatchObject({ code: 0, stderr: '' });
    expect(repaired.stdout).toContain(`${unfinished}, recorded  (receiving, part.bin)`);
    expect((await check()).stdout).toMatch(/2\.5 MiB\): 0 damaged, 0 gone/);

    await fs.rm(stored);
    const gone = await check();
    expect(gone.code).toBe(1);
    expect(gone.stdout).toContain(
      `gone     ${completed.uploadId}  the file is not there  (${completed.path})`,
    );
    expect((await check('--repair')).code).toBe(0);
    expect(await check()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('checked 0 completed files'),
    });

    await using server = await serve(work.root, ['--store', store]);
    const [again] = reportsOf(await run(['upload', part.path, '--to', server.url, '--json']));
    // Six were missing: five that never came, and the damaged one; the last received one goes again besides.
    expect(again).toMatchObject({ uploadId: broken.uploadId, resumed: true, sentBytes: 7 * CHUNK });
    expect(part.bytes.equals(await work.stored(again?.path ?? ''))).toBe(true);
  });
});

describe('sweep', () => {
  it('removes orphans, and nothing that is alive', async () => {
    await using work = await workspace();
    const { completed, broken } = await usedRoot(work, 'in-place');
    const orphan = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
    await fs.writeFile(path.join(work.root, 'staging', orphan), 'left over');
    await fs.mkdir(path.join(work.root, 'files', orphan));
    const swept = await run(['sweep', '--root', work.root]);
    expect(swept).toMatchObject({ code: 0, stderr: '' });
    expect(swept.stdout).toBe(
      'expired 0, removed the chunks of 0 ended uploads, 0 old records and 2 orphans\n',
    );
    expect(await fs.readdir(path.join(work.root, 'staging'))).toEqual([broken.uploadId]);
    expect(await fs.readdir(path.join(work.root, 'files'))).toEqual([completed.uploadId]);
  });
});
