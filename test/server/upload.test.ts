import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../contract/index.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const CHUNK = 256 * KiB;
const small = { policies: { default: { threshold: CHUNK, chunkSize: CHUNK } }, ownThreads: true };

describe.each(['in-place', 'multi-file'] as const)('an upload by hand, %s', (store) => {
  it('completes from shuffled, parallel and repeated chunks', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path, store, ...small });
    const client = wireClient(server.url);
    const file = randomFile(2 * MiB + 12_345, CHUNK);

    const init = await client.init(file.input('a file.bin'));
    expect(init.status).toBe(200);
    expect(init.data).toMatchObject({
      status: 'receiving',
      mode: 'chunked',
      total: 9,
      missing: [[0, 8]],
      lastReceived: null,
    });
    const { uploadId } = init.data;

    const order = [8, 0, 3, 3, 7, 1, 2, 6, 0, 5];
    const answers = await Promise.all(
      order.map((index) => client.chunk(file.fields(uploadId, index), file.piece(index))),
    );
    expect(answers.map((answer) => answer.status)).toEqual(order.map(() => 200));

    const last = await client.chunk(file.fields(uploadId, 4), file.piece(4));
    expect(last.data).toMatchObject({ status: 'completed', index: 4, receivedChunks: 9, hash: file.hash });
    const published = (last.data as { path: string }).path;
    expect(published).toBe(`files/${uploadId}/a file.bin`);
    expect(Buffer.compare(await fs.readFile(path.join(folder.path, published)), file.bytes)).toBe(0);

    const repeated = await client.chunk(file.fields(uploadId, 4), file.piece(4));
    expect(repeated.data).toMatchObject({ status: 'completed', path: published });
    await server.uploads.close();
    expect(await fs.readdir(path.join(folder.path, 'staging'))).toEqual([]);
  });

  it('takes files of 0, 1 and threshold bytes as one chunk', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({ root: folder.path, store, ...small });
    const client = wireClient(server.url);
    for (const size of [0, 1, CHUNK]) {
      const file = randomFile(size, Math.max(size, 1));
      const init = await client.init({ ...file.input(`${size}.bin`), chunkSize: CHUNK });
      expect(init.data).toMatchObject({ mode: 'single', total: 1, chunkSize: Math.max(size, 1) });
      const answer = await client.chunk(file.fields(init.data.uploadId, 0), file.bytes);
      expect(answer.data).toMatchObject({ status: 'completed', hash: file.hash });
      const stored = await fs.readFile(path.join(folder.path, (answer.data as { path: string }).path));
      expect(Buffer.compare(stored, file.bytes)).toBe(0);
    }
  });
});
