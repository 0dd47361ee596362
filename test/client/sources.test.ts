import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobSource, bytesSource, type Source, toSource } from '../../client/index.js';
import { fileSource, filesUnder } from '../../client/node/index.js';
import { inMemory } from '../../client/sources.js';
import { bytesOf, temporaryFolder } from './support/setup.js';

const never = new AbortController().signal;
const read = async (source: Source, offset: number, size: number) =>
  Buffer.from(await inMemory(await source.read(offset, size, never)));

describe.each([
  ['bytes', async (bytes: Buffer) => bytesSource(bytes, { name: 'a.bin' })],
  ['a File', async (bytes: Buffer) => blobSource(new File([new Uint8Array(bytes)], 'a.bin'))],
  ['a file on disk', async (bytes: Buffer, folder: Folder) => fileSource(await folder.file('a.bin', bytes))],
])('a source of %s', (_, make) => {
  it('gives any range of its bytes, and fewer beyond its end', async () => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(10_000);
    const source = await make(bytes, folder);
    expect(source).toMatchObject({ name: 'a.bin', size: 10_000 });
    expect((await read(source, 0, 10_000)).equals(bytes)).toBe(true);
    expect((await read(source, 1234, 77)).equals(bytes.subarray(1234, 1311))).toBe(true);
    expect((await read(source, 9_990, 100)).length).toBe(10);
    expect((await read(source, 10_000, 0)).length).toBe(0);
    await source.close?.();
  });
});

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

describe('a File', () => {
  it('brings its name, type, time and folder', () => {
    const file = new File(['x'], 'a.txt', { type: 'text/plain', lastModified: 5 });
    expect(toSource(file)).toMatchObject({ name: 'a.txt', type: 'text/plain', lastModified: 5 });
    const below = Object.assign(new File(['x'], 'a.txt'), { webkitRelativePath: 'b/a.txt' });
    expect(toSource(below).relativePath).toBe('b/a.txt');
    expect(toSource(new Blob(['x'])).name).toBe('untitled');
  });

  it('that cannot be read any more has changed', async () => {
    const unreadable = new Blob(['x']);
    const slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) });
    const source = blobSource(Object.assign(unreadable, { slice }) as unknown as Blob);
    await expect(source.read(0, 1, never)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });
});

describe('a file on disk', () => {
  it.each([
    ['was given away', (bytes: Uint8Array) => void structuredClone(bytes, { transfer: [bytes.buffer] })],
    ['is not its own', () => {}],
    ['was given back before', () => {}],
  ])('reads into no memory that %s', async (what, spoil) => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(10_000);
    const source = await fileSource(await folder.file('a', bytes));
    const given = (await source.read(0, 4000, never)) as Uint8Array;
    const foreign = new Uint8Array(4000);
    spoil(given);
    if (what === 'was given back before') source.recycle?.(given);
    source.recycle?.(what === 'is not its own' ? foreign : given);
    const first = (await source.read(0, 4000, never)) as Uint8Array;
    const second = (await source.read(4000, 4000, never)) as Uint8Array;
    expect(bytes.subarray(0, 4000).equals(first)).toBe(true);
    expect(bytes.subarray(4000, 8000).equals(second)).toBe(true);
    expect(foreign.every((byte) => byte === 0)).toBe(true);
    // Also where it is given away only now.
    source.recycle?.(second);
    structuredClone(second, { transfer: [second.buffer] });
    expect((await source.read(10_000, 0, never)) as Uint8Array).toHaveLength(0);
    await source.close?.();
  });

  it('reads into memory that was given back, and into none that is in use', async () => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(10_000);
    const source = await fileSource(await folder.file('a', bytes));
    const memoryOf = (read: Uint8Array | Blob) => (read as Uint8Array).buffer;
    const [one, two] = [await source.read(0, 4000, never), await source.read(4000, 4000, never)];
    expect(memoryOf(one)).not.toBe(memoryOf(two));
    source.recycle?.(one);
    const last = await source.read(8000, 2000, never);
    expect(memoryOf(last)).toBe(memoryOf(one));
    expect(Buffer.from(await inMemory(last)).equals(bytes.subarray(8000))).toBe(true);
    expect(Buffer.from(await inMemory(two)).equals(bytes.subarray(4000, 8000))).toBe(true);
    // The whole of it, although the last read did not fill it; and never less than is needed.
    source.recycle?.(last);
    expect(memoryOf(await source.read(0, 4000, never))).toBe(memoryOf(one));
    source.recycle?.(two);
    expect((await read(source, 0, 9000)).equals(bytes.subarray(0, 9000))).toBe(true);
    await source.close?.();
  });

  it('changes its version when it is written to, replaced or removed', async () => {
    await using folder = await temporaryFolder();
    const file = await folder.file('a', 'one');
    const source = await fileSource(file);
    const versions = [await source.version?.()];
    await fs.utimes(file, 1, 1);
    versions.push(await source.version?.());
    await fs.appendFile(file, '!');
    versions.push(await source.version?.());
    const other = await folder.file('b', 'two!');
    await fs.rename(other, file);
    versions.push(await source.version?.());
    await fs.rm(file);
    versions.push(await source.version?.());
    expect(new Set(versions).size).toBe(5);
    expect(versions.at(-1)).toBe('gone');
  });

  it('that is missing, or a folder, is refused in words', async () => {
    await using folder = await temporaryFolder();
    const refused = (file: string) => fileSource(file).catch((error) => [error.code, error.message]);
    const missing = path.join(folder.path, 'none');
    expect(await refused(missing)).toEqual(['INPUT_INVALID', `There is no file ${missing}.`]);
    expect(await refused(folder.path)).toEqual(['INPUT_INVALID', expect.stringMatching(/not a file/)]);
  });
});

describe('filesUnder', () => {
  it('finds every file below a folder in one order, and no links', async () => {
    await using folder = await temporaryFolder();
    const top = path.join(folder.path, 'top');
    for (const name of ['b/z', 'b/a/deep', 'a', 'c', 'B']) await folder.file(`top/${name}`, name);
    await fs.mkdir(path.join(top, 'empty'));
    await fs.symlink(path.join(top, 'a'), path.join(top, 'link'));
    await fs.symlink(top, path.join(top, 'loop'));
    const found: (string | undefined)[] = [];
    for await (const source of filesUnder(top)) found.push(source.relativePath);
    expect(found).toEqual(['top/B', 'top/a', 'top/b/a/deep', 'top/b/z', 'top/c']);
  });

  it('gives a single file without a relative path', async () => {
    await using folder = await temporaryFolder();
    const file = await folder.file('one', 'x');
    const found: Source[] = [];
    for await (const source of filesUnder(file)) found.push(source);
    expect(found.map(({ name, relativePath }) => [name, relativePath])).toEqual([['one', undefined]]);
  });

  it('refuses what is not there, or tells of it and goes on', async () => {
    await expect(filesUnder('').next()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const walking = filesUnder('/nowhere/at/all').next();
    await expect(walking).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const told: string[] = [];
    const found = await filesUnder('/nowhere/at/all', ({ code }) => told.push(code)).next();
    expect([found.done, told]).toEqual([true, ['INPUT_INVALID']]);
  });
});
