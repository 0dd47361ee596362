import { describe, expect, it } from 'vitest';
import { startRelay } from '../../cli/demo/relay.js';
import type { UploadView } from '../../contract/index.js';
import { CHUNK, linesOf, reportsOf, run, serve, start, workspace } from './support.js';

const CHUNKS = 24;
const HALF = (CHUNKS / 2) * CHUNK;
/** More than the headers of all requests. */
const OVERHEAD = 200 * 1024;

describe('a crash in the middle of an upload', () => {
  it.each(['in-place', 'multi-file'])('of the server (%s): the same client run goes on', async (store) => {
    await using work = await workspace();
    const file = await work.file('a.bin', CHUNKS * CHUNK);
    await using first = await serve(work.root, ['--store', store]);
    await using relay = await startRelay(first.port, HALF);
    await using client = start(['upload', file.path, '--to', `http://127.0.0.1:${relay.port}`, '--json']);
    await relay.held;
    first.kill('SIGKILL');
    await first.ended;
    await client.until('stderr', /waiting for the server…/);

    await using second = await serve(work.root, ['--store', store, '--port', String(first.port)]);
    relay.release();
    const ended = await client.ended;
    expect(ended.code).toBe(0);
    const [report] = reportsOf(ended);
    expect(report).toMatchObject({ status: 'completed', resumed: false });
    expect(report?.retries).toBeGreaterThan(0);
    expect(file.bytes.equals(await work.stored(report?.path ?? ''))).toBe(true);
    expect(second.text.stderr).toBe('');
  });

  it('of the client: a second run sends what is missing and the last received chunk', async () => {
    await using work = await workspace();
    const file = await work.file('a.bin', CHUNKS * CHUNK - 1);
    await using server = await serve(work.root);
    const left = await (async () => {
      await using relay = await startRelay(server.port, HALF);
      // One at a time: what the server has then is what was answered.
      await using client = start([
        'upload',
        file.path,
        '--to',
        `http://127.0.0.1:${relay.port}`,
        '--concurrency',
        '1',
      ]);
      await relay.held;
      client.kill('SIGKILL');
      expect((await client.ended).signal).toBe('SIGKILL');
      return await onlyUpload(server.url);
    })();
    expect(left).toMatchObject({ status: 'receiving', total: CHUNKS });
    expect(left.receivedChunks).toBeGreaterThanOrEqual(CHUNKS / 2 - 1);

    await using counter = await startRelay(server.port, Number.POSITIVE_INFINITY);
    const ended = await run(['upload', file.path, '--to', `http://127.0.0.1:${counter.port}`, '--json']);
    expect(ended.code).toBe(0);
    const missing = file.bytes.length - left.receivedBytes;
    const [report] = reportsOf(ended);
    expect(report).toMatchObject({
      uploadId: left.uploadId,
      resumed: true,
      sentBytes: missing + CHUNK,
      retries: 0,
    });
    // What the network saw.
    expect(counter.passedBytes).toBeGreaterThan(missing + CHUNK);
    expect(counter.passedBytes).toBeLessThan(missing + CHUNK + OVERHEAD);
    expect(file.bytes.equals(await work.stored(report?.path ?? ''))).toBe(true);
  });

  it('Ctrl-C stops the requests, says how to go on, and what was sent stays', async () => {
    await using work = await workspace();
    const file = await work.file('a.bin', CHUNKS * CHUNK);
    await using server = await serve(work.root);
    await using relay = await startRelay(server.port, HALF);
    await using client = start(['upload', file.path, '--to', `http://127.0.0.1:${relay.port}`, '--json']);
    await relay.held;
    client.kill('SIGINT');
    const ended = await client.ended;
    expect(ended.code).toBe(130);
    expect(linesOf(ended.stderr).at(-1)).toBe('chunkwise: Stopped. Run the same command again to go on.');
    expect(reportsOf(ended)).toMatchObject([
      { status: 'cancelled', path: null, error: { code: 'CANCELLED' } },
    ]);
    expect(await onlyUpload(server.url)).toMatchObject({ status: 'receiving' });
    const again = reportsOf(await run(['upload', file.path, '--to', server.url, '--json']));
    expect(again).toMatchObject([{ status: 'completed', resumed: true }]);
    expect(again[0]?.sentBytes).toBeLessThan(file.bytes.length);
  });

  it('a server that never comes back: gives up after its patience and says how to go on', async () => {
    await using work = await workspace();
    const file = await work.file('a.bin', CHUNKS * CHUNK);
    await using server = await serve(work.root);
    await using relay = await startRelay(server.port, HALF);
    const to = `http://127.0.0.1:${relay.port}`;
    await using client = start(['upload', file.path, '--to', to, '--patience', '700ms']);
    await relay.held;
    server.kill('SIGKILL');
    const ended = await client.ended;
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(linesOf(ended.stderr).at(-1)).toMatch(
      /^chunkwise: http:\/\/127\.0\.0\.1:\d+ cannot be reached.* Run the same command again to go on\.$/,
    );
  });
});

async function onlyUpload(url: string): Promise<UploadView> {
  const { stdout } = await run(['list', '--to', url, '--json']);
  expect(linesOf(stdout)).toHaveLength(1);
  return JSON.parse(stdout) as UploadView;
}
