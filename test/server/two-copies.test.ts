import fs from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { UploadsContext } from '../../server/request.js';
import { createUploads } from '../../server/uploads.js';
import { ROOT } from '../house/tree.js';
import { temporaryFolder } from '../support/server.js';

type Trpc = typeof import('@trpc/server');
type FetchAdapter = typeof import('@trpc/server/adapters/fetch');

it("errors keep their shape where the app's tRPC is another copy than that of Chunkwise, as in a bundle", async () => {
  await using folder = await temporaryFolder();
  const copy = path.join(folder.path, 'trpc');
  await fs.cp(path.join(ROOT, 'node_modules/@trpc/server'), copy, { recursive: true });
  const load = (file: string) => import(pathToFileURL(path.join(copy, 'dist', file)).href);
  const { initTRPC } = (await load('index.mjs')) as Trpc;
  const { fetchRequestHandler } = (await load('adapters/fetch/index.mjs')) as FetchAdapter;
  expect(initTRPC).not.toBe((await import('@trpc/server')).initTRPC);

  const owner = (ctx: UploadsContext & { user: string | null }) => ctx.user;
  await using uploads = createUploads({ root: path.join(folder.path, 'root'), owner });
  const t = initTRPC.context<UploadsContext & { user: string | null }>().create();
  const router = t.router({ uploads: uploads.procedures(t.procedure) });
  const ask = async (user: string | null, input: object) => {
    const query = encodeURIComponent(JSON.stringify(input));
    const response = await fetchRequestHandler({
      endpoint: '/trpc',
      req: new Request(`http://app.example/trpc/uploads.resume?input=${query}`),
      router,
      createContext: (opts) => ({ ...uploads.context(opts), user }),
    });
    const { error } = (await response.json()) as { error: { data: object } };
    return { status: response.status, ...error.data };
  };
  const upload = (code: string) => ({ upload: { code, retryable: false } });
  const uploadId = '0'.repeat(26);
  expect(await ask('ann', { uploadId })).toMatchObject({ status: 404, ...upload('UPLOAD_NOT_FOUND') });
  expect(await ask('ann', { uploadId: 5 })).toMatchObject({ status: 400, ...upload('INPUT_INVALID') });
  expect(await ask(null, { uploadId })).toMatchObject({ status: 401, ...upload('UNAUTHORIZED') });
});
