import fs from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOf, run, serve, workspace } from './support.js';

/** One line that says what is wrong, no stack, nothing on stdout. */
function expectOneLine(ended: { stdout: string; stderr: string }, words: RegExp): void {
  expect(ended.stdout).toBe('');
  expect(linesOf(ended.stderr)).toHaveLength(1);
  expect(ended.stderr).toMatch(/^chunkwise: \S/);
  expect(ended.stderr).toMatch(words);
  expect(ended.stderr).not.toMatch(/\n\s+at |node:internal|Error:/);
}

const TO = ['--to', 'http://127.0.0.1:1'];

describe('wrong usage ends with 2 and a line that names what is wrong', () => {
  it.each([
    [['uplaod'], /unknown command 'uplaod'.*upload/],
    [['upload', 'x'], /--to/],
    [['upload', ...TO], /path/],
    [['upload', '', ...TO], /path is empty/],
    [['upload', 'x', '--to', 'localhost:8090'], /--to.*http:\/\//],
    [['upload', 'x', ...TO, '--concurrency', '0'], /--concurrency.*whole number/],
    [['upload', 'x', ...TO, '--retries', '-1'], /--retries/],
    [['upload', 'x', ...TO, '--nonsense'], /unknown option '--nonsense'/],
    [['upload', 'x', ...TO, '--token', 'two words'], /--token/],
    [['hash', 'x', ...TO, '--chunk-size', '8MiB'], /--chunk-size.*--to/],
    [['hash', 'package.json', '--chunk-size', '1GiB'], /--chunk-size/],
    [['abort', 'x', ...TO], /upload id/],
    [['list', ...TO, '--status', 'done'], /--status.*completed/],
    [['verify'], /--root/],
    [['serve', '--port', '65536'], /--port/],
    [['serve', '--store', 's3://bucket'], /--store.*S3/],
    [['serve', '--database', 'postgres://localhost/x'], /--database.*PostgreSQL/],
    [['serve', '--host', '0.0.0.0'], /--host.*--token.*--no-auth/],
    [['serve', '--host', '0.0.0.0', '--token', 'x', '--no-auth'], /--token and --no-auth/],
    [['serve', '--chunk-size', '8 lemons'], /--chunk-size.*8MiB/],
    [['serve', '--threshold', '65MiB'], /--threshold/],
    [['serve', '--memory-budget', '1MiB'], /--max-chunk-size.*maxChunkSize.*1\/4 of memoryBudget/],
    [['serve', '--memory-budget', '1KiB'], /--memory-budget.*1MiB/],
    [['serve', '--max-chunk-size', '1MiB'], /contradict.*chunkSize/],
    [['serve', '--completion-wait', '10'], /--completion-wait.*10s/],
    [['serve', '--verify', 'never'], /--verify/],
    [['serve', '--allowed-origin', 'app.example'], /--allowed-origin.*https:/],
  ])('chunkwise %j', async (args, words) => {
    const ended = await run(args);
    expect(ended.code).toBe(2);
    expectOneLine(ended, words);
  });

  it('in variables, which it names', async () => {
    const wrong = {
      CHUNKWISE_PORT: 'x',
      CHUNKWISE_NO_AUTH: 'maybe',
      CHUNKWISE_TOKEN: '',
      CHUNKWISE_STORE: 's3://b',
    };
    const endings = await Promise.all(
      Object.entries(wrong).map(async ([name, value]) => ({
        name,
        ended: await run(['serve'], { env: { [name]: value } }),
      })),
    );
    for (const { name, ended } of endings) {
      expect({ name, code: ended.code }).toEqual({ name, code: 2 });
      expectOneLine(ended, new RegExp(name));
    }
  });

  it('but help is no failure', async () => {
    const [help, version] = await Promise.all([run(['serve', '--help']), run(['--version'])]);
    expect([help.code, version.code]).toEqual([0, 0]);
    expect(help.stdout).toContain('CHUNKWISE_CHUNK_SIZE');
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('what cannot be done ends with 1 and a line that says what to do', () => {
  it('a server that is not there', async () => {
    await using work = await workspace();
    const { path: file } = await work.file('a.bin', 10);
    const ended = await run(['upload', file, ...TO, '--retries', '0']);
    expect(ended.code).toBe(1);
    expectOneLine(ended, /Nothing answers at http:\/\/127\.0\.0\.1:1\. Check --to/);
    const listed = await run(['list', ...TO]);
    expect(listed.code).toBe(1);
    expectOneLine(listed, /Nothing answers/);
  });

  it('a port that is in use', async () => {
    await using work = await workspace();
    const other = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const ended = await run(['serve', '--root', work.root, '--port', String(port)]);
    await new Promise((resolve) => other.close(resolve));
    expect(ended.code).toBe(1);
    expectOneLine(ended, new RegExp(`Port ${port} is in use.*--port`));
  });

  it('a root that another server uses, for a server and for what works without one', async () => {
    await using work = await workspace();
    await using server = await serve(work.root);
    const endings = await Promise.all([
      run(['serve', '--root', work.root, '--port', '0']),
      run(['verify', '--root', work.root]),
      run(['sweep', '--root', work.root]),
    ]);
    for (const ended of endings) {
      expect(ended.code).toBe(1);
      expectOneLine(ended, /another Chunkwise server is using .*: stop it/);
    }
    expect(server.text.stderr).toBe('');
  });

  it('a root that is a file, an address that is not ours, a folder that was never a root', async () => {
    await using work = await workspace();
    const { path: file } = await work.file('a.bin', 10);
    const [root, address, never] = await Promise.all([
      run(['serve', '--root', file, '--port', '0']),
      run(['serve', '--root', work.root, '--host', '192.0.2.1', '--token', 'x', '--port', '0']),
      run(['verify', '--root', path.join(work.path, 'nothing')]),
    ]);
    expect([root.code, address.code, never.code]).toEqual([1, 1, 1]);
    expectOneLine(root, /is not a folder/);
    expectOneLine(address, /no address 192\.0\.2\.1.*--host/);
    expectOneLine(never, /There is no database/);
    // Looking does not make one.
    await expect(fs.stat(path.join(work.path, 'nothing'))).rejects.toThrow('ENOENT');
  });

  it('a root whose files are not mounted is not a root whose files are gone', async () => {
    await using work = await workspace();
    await using server = await serve(work.root);
    server.kill('SIGTERM');
    await server.ended;
    await fs.rename(path.join(work.root, 'files'), path.join(work.path, 'elsewhere'));
    const ended = await run(['verify', '--root', work.root, '--repair']);
    expect(ended.code).toBe(1);
    expectOneLine(ended, /files is not there.*mounted/);
  });
});
