import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRelay } from '../../cli/demo/relay.js';
import { request } from '../support/wire.js';
import { CHUNK, type Program, reportsOf, run, serve, start, workspace } from './support.js';

describe('chunkwise serve', () => {
  it('says where it listens, and nothing else; ends with 0 on SIGTERM and on SIGINT', async () => {
    await using work = await workspace();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await using server = await serve(work.root);
      expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect((await request(`${server.url}/readyz`)).status).toBe(200);
      server.kill(signal);
      expect(await server.ended).toEqual({
        code: 0,
        signal: null,
        stdout: `chunkwise listening on ${server.url}\n`,
        stderr: '',
      });
    }
    expect((await fs.readdir(work.root)).toSorted()).toEqual([
      'chunkwise.db',
      'chunkwise.lock',
      'files',
      'staging',
    ]);
  });

  it('takes its flags from variables too', async () => {
    await using work = await workspace();
    const database = path.join(work.path, 'db/sessions.db');
    await using server = await serve(work.root, ['--log-level', 'silent'], {
      env: {
        CHUNKWISE_STORE: 'multi-file',
        CHUNKWISE_DATABASE: database,
        CHUNKWISE_ALLOWED_HOST: 'one.example, two.example',
        CHUNKWISE_TOKEN: 'from-the-variable',
        CHUNKWISE_MAX_FILE_SIZE: '1MiB',
        CHUNKWISE_NO_AUTH: 'false',
        CHUNKWISE_HOST: '::1',
      },
    });
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fs.stat(database)).isFile()).toBe(true);
    const status = async (host: string) =>
      (await request(`${server.url}/healthz`, { headers: { host } })).status;
    expect(await Promise.all(['two.example', `[::1]:${server.port}`, 'three.example'].map(status))).toEqual([
      200, 200, 421,
    ]);
    const file = await work.file('large.bin', 1024 * 1024 + 1);
    const ended = await run(['upload', file.path, '--to', server.url], {
      env: { CHUNKWISE_TOKEN: 'from-the-variable' },
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^chunkwise: .*large\.bin.*at most 1 MiB are allowed\.\n$/);
  });

  it('runs on little memory, with chunks that fit', async () => {
    await using work = await workspace();
    const sizes = ['--chunk-size', '--max-chunk-size', '--threshold'].flatMap((flag) => [flag, '256KiB']);
    await using server = await serve(work.root, [...sizes, '--memory-budget', '1MiB']);
    const file = await work.file('large.bin', 5 * CHUNK + 1);
    const ended = await run(['upload', file.path, '--to', server.url, '--json']);
    expect(reportsOf(ended)).toMatchObject([{ status: 'completed', size: 5 * CHUNK + 1 }]);
    const policy = await request(
      `${server.url}/trpc/uploads.policy?input=${encodeURIComponent('{"size":1048576}')}`,
    );
    expect(policy.data).toMatchObject({ maxChunkSize: 256 * 1024, plan: { total: 4 } });
  });

  it('lets in who has the token, tells others how, and never shows it', async () => {
    await using work = await workspace();
    const token = 'a-very-secret-token';
    const file = await work.file('a.bin', 3 * CHUNK);
    const small = await work.file('b.bin', 3);
    await using server = await serve(work.root, ['--token', token, '--log-level', 'debug']);
    const endings = await Promise.all([
      run(['upload', file.path, small.path, '--to', server.url, '--token', 'another', '--json']),
      run(['list', '--to', server.url]),
    ]);
    for (const ended of endings) {
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(
        /^chunkwise: http:\S+ does not accept the request: give its token by --token or CHUNKWISE_TOKEN\..*\n$/,
      );
    }
    expect(endings[0]?.stderr).toContain('Not uploaded: 2 of 2 files.');
    expect(reportsOf(endings[0] as never).map(({ error }) => error?.code)).toEqual([
      'UNAUTHORIZED',
      'UNAUTHORIZED',
    ]);
    const right = await run(['upload', file.path, '--to', server.url, '--token', token]);
    expect(right.code).toBe(0);
    server.kill('SIGTERM');
    const { stdout, stderr } = await server.ended;
    expect(`${stdout}${stderr}${right.stderr}`).not.toContain(token);
  });

  it('answers 421 to other hosts, which the client puts into words', async () => {
    await using work = await workspace();
    await using server = await serve(work.root, ['--allowed-host', 'uploads.example']);
    const status = async (host: string) => (await request(server.url, { headers: { host } })).status;
    expect(await status('evil.example')).toBe(421);
    expect(await status('uploads.example:443')).toBe(200);
    const ended = await run(['list', '--to', `http://127.1.2.3:${server.port}`]);
    expect(ended.code).toBe(1);
  });

  it('finishes the chunk that is on its way when it is told to end', async () => {
    await using work = await workspace();
    await using held = await heldUpload(work);
    const { server, relay, client } = held;
    server.kill('SIGTERM');
    await refusing(server.url);
    relay.release();
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    client.kill('SIGKILL');
    const checked = await run(['verify', '--root', work.root]);
    // The chunk that was on its way is kept and is whole.
    expect(checked.stdout).toBe(
      'checked 0 completed files and 1 unfinished uploads (512 KiB): 0 damaged, 0 gone\n',
    );
    expect(checked.code).toBe(0);
  });

  it('puts what nobody expected into one line', async () => {
    await using work = await workspace();
    const thrown = 'process.on("SIGUSR2",()=>{throw new Error("a bug\\nwith lines")})';
    const rejected = 'process.on("SIGUSR2",()=>{Promise.reject(new Error("a bug"))})';
    for (const preload of [thrown, rejected]) {
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` };
      await using server = await serve(work.root, [], { env });
      server.kill('SIGUSR2');
      expect(await server.ended).toMatchObject({ code: 1, stderr: 'chunkwise: Unexpected: a bug\n' });
    }
  });

  it('ends at once when it is told a second time', async () => {
    await using work = await workspace();
    await using held = await heldUpload(work);
    held.server.kill('SIGTERM');
    await refusing(held.server.url);
    held.server.kill('SIGTERM');
    expect(await held.server.ended).toMatchObject({ code: 143, stderr: '' });
  });
});

/** An upload that stands still within its second chunk. */
async function heldUpload(work: Awaited<ReturnType<typeof workspace>>) {
  const file = await work.file('a.bin', 8 * CHUNK);
  const server = await serve(work.root);
  const relay = await startRelay(server.port, 1.5 * CHUNK);
  const client: Program = start([
    'upload',
    file.path,
    '--to',
    `http://127.0.0.1:${relay.port}`,
    '--concurrency',
    '1',
  ]);
  await relay.held;
  return {
    ...{ server, relay, client },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Resolves once nothing is accepted any more. */
async function refusing(url: string): Promise<void> {
  for (;;) {
    const answered = await request(`${url}/healthz`, { headers: { connection: 'close' } }).then(
      () => true,
      () => false,
    );
    if (!answered) return;
  }
}
