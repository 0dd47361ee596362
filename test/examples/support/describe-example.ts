import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UploadError } from '../../../client/node/index.js';
import { MiB } from '../../../contract/index.js';
import { ROOT } from '../../house/tree.js';
import { randomFile } from '../../support/wire.js';
import { READ_AHEAD, readWhileBusy } from './back-pressure.js';
import { type Example, type Setting, startExample } from './setting.js';

const SUMMER = { policy: 'photos', metadata: { album: 'summer' } } as const;
const photo = (bytes: Uint8Array<ArrayBuffer>, name = 'photo.jpg') =>
  new File([bytes], name, { type: 'image/jpeg' });

/** What every example does, on its own server in a process of its own. */
export function describeExample(
  name: string,
  example: Example,
  more: (setting: () => Setting) => void = () => {},
) {
  describe(name, () => {
    let setting: Setting;
    beforeAll(async () => {
      setting = await startExample(example);
    });
    afterAll(() => setting?.[Symbol.asyncDispose]());

    it('takes a file in chunks, with batches of queries meanwhile', async () => {
      const { trpc, uploader, calls } = setting.client();
      const bytes = randomBytes(5 * MiB + 1);
      const uploading = uploader.upload(photo(bytes), SUMMER);
      const queries = [trpc.me.query(), trpc.uploads.list.query({}), trpc.uploads.policy.query({})] as const;
      const [{ path: stored, data, uploadId }, me, list, policy] = await Promise.all([uploading, ...queries]);
      expect(me).toEqual({ id: 'ann', name: 'Ann' });
      expect(list.items.length).toBeLessThan(2);
      expect(policy.policy).toBe('default');
      expect(data?.url).toBe(`/albums/summer/${uploadId}`);
      expect(Buffer.compare(await setting.stored(stored), bytes)).toBe(0);
      expect(calls.some((call) => call.split(',').length >= 3)).toBe(true);
    });

    it('takes an empty file', async () => {
      const { path: stored } = await setting.client().uploader.upload(photo(new Uint8Array(0)), SUMMER);
      expect(await setting.stored(stored)).toHaveLength(0);
    });

    it('goes on with the file of a client that was killed', async () => {
      const bytes = randomBytes(8 * MiB);
      const file = path.join(setting.folder, 'killed.jpg');
      await fs.writeFile(file, bytes);
      expect(await runDyingClient(file, setting)).toEqual({ signal: 'SIGKILL', said: '' });
      const result = await setting.client().uploader.upload(photo(bytes, 'killed.jpg'), SUMMER);
      expect(result.resumed).toBe(true);
      expect(result.sentBytes).toBeLessThan(bytes.length);
      expect(Buffer.compare(await setting.stored(result.path), bytes)).toBe(0);
    });

    it('refuses who is not signed in before it reads a body', async () => {
      const nobody = setting.client({});
      await expect(nobody.uploader.upload(photo(randomBytes(9)), SUMMER)).rejects.toMatchObject({
        code: 'UNAUTHORIZED',
      });
      const fields = randomFile(MiB, MiB).fields('01ARZ3NDEKTSV4RRFFQ69G5FAV', 0);
      const raw = await setting.raw(fields, MiB, {});
      expect(await raw.answer).toBe(401);
      raw.die('close');
    });

    it('refuses wrong metadata by a typed error', async () => {
      const { uploader } = setting.client();
      // @ts-expect-error: an album is a text
      const refused = uploader.upload(photo(randomBytes(9)), { policy: 'photos', metadata: { album: 5 } });
      const error = await refused.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UploadError);
      expect(error).toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('metadata.album'),
      });
    });

    it('takes a chunk again whose sender died, and wrote nothing of it', async () => {
      const { trpc } = setting.client();
      const file = randomFile(MiB + 1, MiB);
      const input = { ...file.input('died.jpg'), ...SUMMER, type: 'image/jpeg' };
      const { uploadId } = await trpc.uploads.init.mutate(input);
      for (const end of ['close', 'reset', 'cancel'] as const) {
        const raw = await setting.raw(file.fields(uploadId, 0), MiB);
        raw.write(MiB / 2);
        while (((await setting.app.bytesRead(raw.port)) ?? 0) < MiB / 2);
        if (end === 'cancel') raw.cancel();
        else raw.die(end);
      }
      expect(await trpc.uploads.resume.query({ uploadId })).toMatchObject({ missing: [[0, 1]] });
      const send = (index: number) =>
        trpc.uploads.chunk.mutate({ ...file.fields(uploadId, index), data: file.piece(index) });
      const answers = await Promise.all([send(0), send(1)]);
      const done = answers.find(({ status }) => status === 'completed');
      const stored = done?.status === 'completed' ? await setting.stored(done.path) : Buffer.alloc(0);
      expect(Buffer.compare(stored, file.bytes)).toBe(0);
    });

    it('lets senders wait at their window while its memory is taken, and gets it back from those that die', async () => {
      expect(await readWhileBusy(setting)).toBeLessThan(READ_AHEAD);
    });

    more(() => setting);

    it('has nothing to complain of, and runs on', async () => {
      expect(await setting.client().trpc.me.query()).toEqual({ id: 'ann', name: 'Ann' });
      expect(setting.app).toMatchObject({ said: '', alive: true });
    });
  });
}

async function runDyingClient(file: string, { app, example }: Setting) {
  const script = fileURLToPath(new URL('./dying-client.ts', import.meta.url));
  const args = [file, app.url, JSON.stringify(example.signedIn), example.protocol ?? ''];
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
  return { signal, said };
}
