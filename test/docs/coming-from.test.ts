import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { FileStore } from '@tus/file-store';
import { Upload } from '@tus/server';
import { expect, test } from 'vitest';
import type { ListView, UploadView } from '../../contract/index.js';
import { wireClient } from '../support/wire.js';
import { writeApp } from './support/apps.js';
import { startDocumented } from './support/documented-server.js';
import { runExample } from './support/run.js';

test('the script sends what a tus server has stored, and nothing twice', async () => {
  await using app = await writeApp('docs/coming-from.md');
  const directory = path.join(app.path, 'tus');
  const store = new FileStore({ directory });
  const bytes = randomBytes(100_000);
  const metadata = { filename: 'holiday.mp4', filetype: 'video/mp4' };
  for (const [id, part] of [
    ['whole', bytes],
    ['half', bytes.subarray(0, 50_000)],
  ] as const) {
    await store.create(new Upload({ id, size: bytes.length, offset: 0, metadata }));
    await store.write(Readable.from([part]), id, 0);
  }

  const root = path.join(app.path, 'data');
  await using server = await startDocumented(root);
  const run = () => runExample(path.join(app.path, 'migrate.ts'), [directory, server.url], app.path);
  const list = async () =>
    (await wireClient(`${server.url}/trpc`).query<ListView>('list', {})).data.items as UploadView[];
  const first = await run();
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('half: never finished, left out\n');
  const [, uploadId] = /^whole is now (\w+)$/m.exec(first.stdout) ?? [];
  const [stored] = await list();
  expect(stored).toMatchObject({ uploadId, status: 'completed', name: 'holiday.mp4', type: 'video/mp4' });
  const file = stored?.status === 'completed' ? stored.path : '';
  expect(Buffer.compare(await fs.readFile(path.join(root, file)), bytes)).toBe(0);

  expect((await run()).stdout).toBe(first.stdout);
  expect(await list()).toEqual([stored]);
});
