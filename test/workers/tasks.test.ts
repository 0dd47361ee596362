import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MiB } from '../../contract/index.js';
import * as tasks from '../../workers/main.js';
import { readBuffer, readExtent } from '../../workers/read.js';
import { type Extent, TaskError } from '../../workers/tasks.js';
import { bytesOf, sha256, temporaryFolder } from '../support/stores.js';

const extentOf = (file: string, bytes: Uint8Array, offset = 0): Extent => ({
  path: file,
  offset,
  size: bytes.byteLength,
  hash: sha256(bytes),
});

describe('writeChunk', () => {
  it('writes any cut of the bytes at its offset, and nothing else', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'staged');
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 30 }),
        fc.nat(50),
        fc.boolean(),
        (buffers, offset, sync) => {
          const before = bytesOf(60, 9);
          writeFileSync(file, before);
          const bytes = Buffer.concat(buffers);
          const extent = extentOf(file, bytes, offset);
          expect(tasks.writeChunk({ extent, buffers, target: 'existing', sync })).toEqual({
            result: { ok: true },
          });
          const expected = Buffer.alloc(Math.max(60, offset + bytes.byteLength));
          expected.set(before);
          expected.set(bytes, offset);
          expect(readFileSync(file).equals(expected)).toBe(true);
        },
      ),
    );
  });

  it('writes more buffers than one system call takes', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'chunk');
    const bytes = bytesOf(5000);
    const buffers = Array.from(bytes, (byte) => new Uint8Array([byte]));
    tasks.writeChunk({ extent: extentOf(file, bytes), buffers, target: 'whole', sync: true });
    expect(sha256(readFileSync(file))).toBe(sha256(bytes));
  });

  it("cuts a 'whole' file to its size", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'chunk');
    writeFileSync(file, bytesOf(100));
    const bytes = bytesOf(10, 2);
    tasks.writeChunk({ extent: extentOf(file, bytes), buffers: [bytes], target: 'whole', sync: false });
    expect(new Uint8Array(readFileSync(file))).toEqual(bytes);
  });

  it('throws where the buffers have another size than the chunk, and makes no file', async () => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(10);
    const extent = { ...extentOf(path.join(folder.path, 'chunk'), bytes), size: 11 };
    expect(() => tasks.writeChunk({ extent, buffers: [bytes], target: 'whole', sync: false })).toThrow(
      RangeError,
    );
    expect(() => statSync(extent.path)).toThrow('ENOENT');
  });

  it("writes a 'whole' file in a real folder only", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(path.join(folder.path, 'real'));
    symlinkSync(path.join(folder.path, 'real'), path.join(folder.path, 'link'));
    const bytes = bytesOf(10);
    const extent = extentOf(path.join(folder.path, 'link', 'chunk'), bytes);
    expect(tasks.writeChunk({ extent, buffers: [bytes], target: 'whole', sync: false })).toMatchObject({
      fault: { code: 'NOT_A_FOLDER' },
    });
    expect(() => statSync(path.join(folder.path, 'real', 'chunk'))).toThrow('ENOENT');
  });
});

describe('verifyChunks', () => {
  it('tells exactly the extents that are damaged, over many pieces of a read', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'staged');
    const bytes = bytesOf(3 * MiB + 17);
    const sizes = [0, 1, MiB, MiB + 1, MiB + 15];
    let offset = 0;
    const extents = sizes.map((size) => {
      const extent = extentOf(file, bytes.subarray(offset, offset + size), offset);
      offset += size;
      return extent;
    });
    writeFileSync(file, bytes);
    expect(tasks.verifyChunks({ extents })).toEqual({ result: [] });
    const flipped = bytes.slice();
    flipped[MiB + 1 + MiB]! ^= 1;
    writeFileSync(file, flipped);
    expect(tasks.verifyChunks({ extents })).toEqual({ result: [3] });
    truncateSync(file, MiB);
    expect(tasks.verifyChunks({ extents })).toEqual({ result: [2, 3, 4] });
    const missing = { ...extents[0]!, path: `${file}-gone` };
    expect(tasks.verifyChunks({ extents: [extents[0]!, missing] })).toEqual({ result: [1] });
  });

  it('does not take a failure of the target for a damaged source', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'source');
    const bytes = bytesOf(10);
    writeFileSync(file, bytes);
    const failure = new TaskError({ code: 'EIO', message: 'of the target' });
    expect(() =>
      readExtent(extentOf(file, bytes), readBuffer(), () => {
        throw failure;
      }),
    ).toThrow(failure);
  });
});

describe('reassemble', () => {
  it('puts sources at their offsets, and tells those that are damaged', async () => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(2 * MiB + 100);
    const cut = MiB + 50;
    const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
    const sources = parts.map((part, number) => {
      const file = path.join(folder.path, `${number}`);
      writeFileSync(file, part);
      return { ...extentOf(file, part), targetOffset: number * cut };
    });
    const target = path.join(folder.path, 'target');
    writeFileSync(target, '');
    expect(tasks.reassemble({ sources: sources.toReversed(), target })).toEqual({ result: [] });
    expect(sha256(readFileSync(target))).toBe(sha256(bytes));
    truncateSync(sources[1]!.path, 3);
    expect(tasks.reassemble({ sources, target })).toEqual({ result: [1] });
    expect(tasks.reassemble({ sources, target: `${target}-gone` })).toMatchObject({
      fault: { code: 'ENOENT' },
    });
  });
});

describe('hashFile', () => {
  it('hashes piece by piece, and refuses a piece that the file does not have', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'file');
    const bytes = bytesOf(100);
    writeFileSync(file, bytes);
    const pieces = [
      { offset: 0, size: 60 },
      { offset: 60, size: 40 },
      { offset: 100, size: 0 },
    ];
    expect(tasks.hashFile({ path: file, pieces })).toEqual({
      result: [sha256(bytes.subarray(0, 60)), sha256(bytes.subarray(60)), sha256(new Uint8Array())],
    });
    expect(tasks.hashFile({ path: file, pieces: [{ offset: 60, size: 41 }] })).toMatchObject({
      fault: { code: 'UNREADABLE' },
    });
  });
});

describe('copyFile', () => {
  it('copies to a new file, whatever has the name', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string) => path.join(folder.path, name);
    const [from, to, other] = [at('from'), at('to'), at('other')];
    writeFileSync(from, bytesOf(100));
    writeFileSync(other, 'as it was');
    for (const plant of [
      () => undefined,
      () => writeFileSync(to, bytesOf(200, 2)),
      () => symlinkSync(other, to),
      () => linkSync(other, to),
    ]) {
      rmSync(to, { force: true });
      plant();
      expect(tasks.copyFile({ from, to })).toEqual({ result: null });
      expect(new Uint8Array(readFileSync(to))).toEqual(bytesOf(100));
      expect(readFileSync(other, 'utf8')).toBe('as it was');
      expect(statSync(to).mode & 0o777).toBe(0o600);
    }
    symlinkSync(from, at('link'));
    expect(tasks.copyFile({ from: at('link'), to: to })).toMatchObject({
      fault: { code: 'NOT_A_FILE' },
    });
    expect(tasks.copyFile({ from: `${from}-gone`, to: to })).toMatchObject({ fault: { code: 'ENOENT' } });
    expect(readFileSync(to)).toHaveLength(100);
  });
});

describe('syncFile and syncFolder', () => {
  it('sync what is there, and refuse what is not of their kind', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'file');
    writeFileSync(file, 'x');
    symlinkSync(folder.path, `${file}-link`);
    expect(tasks.syncFile({ path: file })).toEqual({ result: null });
    expect(tasks.syncFolder({ path: folder.path })).toEqual({ result: null });
    expect(tasks.syncFile({ path: folder.path })).toMatchObject({ fault: { code: 'EISDIR' } });
    expect(tasks.syncFolder({ path: file })).toMatchObject({ fault: { code: 'ENOTDIR' } });
    expect(tasks.syncFolder({ path: `${file}-link` })).toHaveProperty('fault');
  });
});
