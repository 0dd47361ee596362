import fs from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { bytesSource, type Source } from '../../client/index.js';
import { fileSource, nodeHasher } from '../../client/node/index.js';
import { UploadError } from '../../contract/index.js';
import { bytesOf, gate, setup, temporaryFolder } from './support/setup.js';

const SIZE = 50_000;

describe('a file that changes during its upload', () => {
  it.each<[string, (file: string) => Promise<void>]>([
    ['is written to', (file) => fs.writeFile(file, bytesOf(SIZE))],
    ['becomes shorter', (file) => fs.truncate(file, 100)],
    ['becomes longer', (file) => fs.appendFile(file, 'more')],
    ['is removed', (file) => fs.rm(file)],
  ])('%s: fails with FILE_CHANGED, every request cancelled', async (_, change) => {
    await using folder = await temporaryFolder();
    const file = await folder.file('a', bytesOf(SIZE));
    const held = gate();
    await using test = await setup(
      { receiving: ({ index }) => (index === 3 ? held.opened : Promise.resolve()), maxParallelChunks: 2 },
      { hasher: nodeHasher({ threads: 1 }) },
    );
    const task = test.uploader.add(await fileSource(file));
    await test.server.whenSeen(({ index }) => index === 3);
    await change(file);
    const error = await task.result.catch((error) => error);
    expect(error).toMatchObject({ code: 'FILE_CHANGED', retryable: false });
    expect(task.state).toMatchObject({ phase: 'failed', error: { code: 'FILE_CHANGED' } });
    await test.server.whenClosed(() => test.server.count.inFlight === 0);
    expect(test.server.sessions.get(error.uploadId).status).toBe('receiving');
    held.open();
  });

  it.each<[string, (file: string) => Promise<void>]>([
    ['was written to', (file) => fs.writeFile(file, bytesOf(SIZE))],
    ['became longer', (file) => fs.appendFile(file, 'more')],
    ['was removed', (file) => fs.rm(file)],
  ])('%s between listing and its turn: nothing of it is sent', async (_, change) => {
    await using folder = await temporaryFolder();
    const file = await folder.file('a', bytesOf(SIZE));
    await using test = await setup({}, { hasher: nodeHasher({ threads: 1 }) });
    const source = await fileSource(file);
    await change(file);
    await expect(test.uploader.upload(source)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(test.server.log).toEqual([]);
  });

  it('is noticed while hashing too', async () => {
    const bytes = bytesSource(bytesOf(SIZE));
    let reads = 0;
    const source: Source = {
      ...bytes,
      read: async (...range) => {
        reads++;
        return bytes.read(...range);
      },
      version: async () => (reads < 5 ? 'before' : 'after'),
    };
    await using test = await setup();
    await expect(test.uploader.upload(source)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(test.server.log.filter(({ path }) => path === 'uploads.init')).toEqual([]);
  });

  it('without a version to tell is noticed by its hash when the server doubts a chunk', async () => {
    const bytes = bytesOf(SIZE);
    await using test = await setup({
      fault({ index, attempt }) {
        if (index === 2 && attempt === 1) bytes.fill(7, 2 * 4096);
        return undefined;
      },
      maxParallelChunks: 1,
    });
    const error = await test.uploader.upload(bytes).catch((error) => error);
    expect(error).toMatchObject({ code: 'FILE_CHANGED', index: 3 });
    expect(test.server.chunkLog().filter(({ index }) => index === 3)).toHaveLength(1);
  });

  it('hashed while sending, is noticed when a chunk reads differently the second time', async () => {
    const bytes = bytesOf(SIZE);
    await using test = await setup(
      {
        fault({ index, attempt }) {
          if (index !== 2 || attempt > 1) return undefined;
          bytes.fill(7, 2 * 4096);
          return { drop: 'early' };
        },
        maxParallelChunks: 1,
      },
      { hashing: 'during' },
    );
    await expect(test.uploader.upload(bytes)).rejects.toMatchObject({ code: 'FILE_CHANGED', index: 2 });
  });
});

it('hashed while sending, is noticed when it changes while its last chunk is read', async () => {
  await using folder = await temporaryFolder();
  const file = await folder.file('a', bytesOf(SIZE));
  await using test = await setup({ maxParallelChunks: 1 }, { hashing: 'during' });
  const source = await fileSource(file);
  const changing: Source = {
    ...source,
    async read(offset, size, signal) {
      if (offset + size === SIZE) await fs.writeFile(file, bytesOf(SIZE));
      return source.read(offset, size, signal);
    },
  };
  await expect(test.uploader.upload(changing)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  expect([...test.server.sessions.all.values()].map(({ status }) => status)).toEqual(['receiving']);
});

describe('a file that did not change', () => {
  it('keeps the error of a conflict that another client caused', async () => {
    await using test = await setup({
      fault: ({ index }) =>
        index === 2 ? { error: new UploadError('CHUNK_CONFLICT', { index: 2 }) } : undefined,
    });
    await expect(test.uploader.upload(bytesOf(SIZE))).rejects.toMatchObject({
      code: 'CHUNK_CONFLICT',
      index: 2,
    });
    expect(test.server.chunkLog().filter(({ index }) => index === 2)).toHaveLength(1);
  });

  it('keeps the error of a file hash that the server computes otherwise, and one that changed says so', async () => {
    let version = 'same';
    await using test = await setup({
      full(session) {
        const error = { code: 'FILE_HASH_MISMATCH' as const, retryable: false, message: 'other bytes' };
        Object.assign(session, { status: 'failed', error });
        if (session.input.name === 'changed') version = 'other';
      },
    });
    const upload = (name: string) => {
      const source = { ...bytesSource(bytesOf(SIZE), { name }), version: async () => version };
      return test.uploader.upload(source).catch((error) => error.code);
    };
    expect(await upload('same')).toBe('FILE_HASH_MISMATCH');
    expect(await upload('changed')).toBe('FILE_CHANGED');
  });

  it('but cannot be read fails with the reason', async () => {
    await using test = await setup();
    const source = { ...bytesSource(bytesOf(SIZE)), read: () => Promise.reject(new Error('EIO: disk')) };
    const error = await test.uploader.upload(source).catch((error) => error);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: 'EIO: disk' });
  });
});

describe('a source', () => {
  it.each(['completed', 'failed'])('is closed once its upload has %s', async (end) => {
    await using test = await setup(end === 'failed' ? { fault: () => ({ status: 403 }) } : {});
    let closed = 0;
    const source: Source = {
      ...bytesSource(bytesOf(10)),
      async close() {
        closed++;
      },
    };
    await test.uploader.upload(source).catch(() => {});
    expect(closed).toBe(1);
  });
});
