import fs from 'node:fs/promises';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { policy, sniffType } from '../../server/index.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { fileHash, sha256, wireClient } from '../support/wire.js';

const upload = {
  uploadId: 'id',
  owner: 'ann',
  policy: 'default',
  name: 'a',
  relativePath: null,
  type: 'image/png',
  size: 1,
  hash: null,
  metadata: null,
};

/** The smallest picture: a header, and one compressed black pixel. Checksums do not matter to a sniffer. */
function png(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from([0, 0]))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const pdf = Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n');

describe('sniffing the content', () => {
  it.each<[string, Buffer, string[], RegExp | true]>([
    ['a picture is a picture', png(), ['image/*'], true],
    ['a picture by its full type', png(), ['application/pdf', 'image/png'], true],
    [
      'a document is no picture',
      pdf,
      ['image/*'],
      /application\/pdf, which is not accepted. Accepted: image\/\*/,
    ],
    ['plain text has no type', Buffer.from('hello'), ['*/*'], /no type that can be told/],
    ['neither has nothing', Buffer.alloc(0), ['image/*'], /no type/],
    ['nor a picture that ends in its header', png().subarray(0, 10), ['image/jpeg'], /./],
    ['nor a page that calls itself a picture', Buffer.from('<script>1</script>'), ['image/*'], /no type/],
  ])('%s', async (_, bytes, types, expected) => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'staged');
    await fs.writeFile(file, bytes);
    const verdict = await sniffType({ types })(upload, { path: file });
    if (expected === true) expect(verdict).toBe(true);
    else expect(verdict).toMatch(expected);
  });

  it('refuses what the detector stumbles over, and tries again what cannot be read', async () => {
    const stumbling = sniffType({ types: ['*/*'], detect: () => Promise.reject(new RangeError('offset')) });
    expect(await stumbling(upload, { path: '/' })).toMatch(/no type/);
    await expect(sniffType({ types: ['*/*'] })(upload, { path: '/nowhere/file' })).rejects.toThrow('ENOENT');
    expect(() => sniffType({ types: [] })).toThrow('at least one type');
  });

  it('lets through what it should and refuses the rest for good, whatever the client has declared', async () => {
    await using folder = await temporaryFolder();
    const types = ['image/*'];
    const pictures = policy({ types, beforePublish: sniffType({ types }) });
    await using server = await startServer({ root: folder.path, policies: { pictures } });
    const client = wireClient(server.url);
    const send = async (bytes: Buffer) => {
      const input = {
        policy: 'pictures',
        name: 'me.png',
        type: 'image/png',
        size: bytes.length,
        chunkSize: bytes.length,
        hash: fileHash(bytes, bytes.length),
      };
      const { uploadId } = (await client.init(input)).data;
      const fields = { uploadId, index: 0, offset: 0, size: bytes.length, total: 1, hash: sha256(bytes) };
      return (await client.chunk(fields, bytes)).data;
    };
    expect(await send(png())).toMatchObject({ status: 'completed' });
    expect(await send(pdf)).toMatchObject({ status: 'failed', error: { code: 'HOOK_REFUSED' } });
    expect(await fs.readdir(path.join(folder.path, 'files'))).toHaveLength(1);
  });
});
