import { expect, it } from 'vitest';
import { KiB, MiB } from '../../contract/index.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

it('chunks larger than a budget that was made smaller still arrive, and hold nobody up', async () => {
  await using folder = await temporaryFolder();
  const file = randomFile(8 * MiB, 4 * MiB);
  let uploadId = '';
  {
    const policies = { default: { threshold: 256 * KiB, chunkSize: 4 * MiB } };
    await using server = await startServer({ root: folder.path, policies });
    uploadId = (await wireClient(server.url).init(file.input())).data.uploadId;
  }
  await using server = await startServer({
    root: folder.path,
    memoryBudgetBytes: 2 * MiB,
    policies: { default: { threshold: 256 * KiB, chunkSize: 256 * KiB, maxChunkSize: 512 * KiB } },
  });
  const [ann, bob] = [wireClient(server.url, 'ann'), wireClient(server.url, 'bob')];
  const other = randomFile(512 * KiB, 256 * KiB);
  const theirs = (await bob.init(other.input())).data.uploadId;
  const answers = await Promise.all([
    ...[0, 1].map((index) => ann.chunk(file.fields(uploadId, index), file.piece(index))),
    ...[0, 1].map((index) => bob.chunk(other.fields(theirs, index), other.piece(index))),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});
